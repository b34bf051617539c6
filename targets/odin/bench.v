// Test bench of ODIN and tinyODIN: plays tape.hex at the pins and prints the log. It knows nothing of
// the chip but its port names, and with BACK_DOOR its two memories. Verilog-2001.
//
// Macros: TINYODIN (the other chip), BACK_DOOR (memories from neu.hex and syn.hex), TAPE_WORDS
// (lines of tape.hex that there is room for).
`timescale 1ns / 1ps
`ifndef TAPE_WORDS
`define TAPE_WORDS 1048576
`endif

module bench;
`ifdef TINYODIN
  localparam EVENT = 10;
`else
  localparam EVENT = 17;
`endif

  reg CLK;
  reg RST;
  reg SCK;
  reg MOSI;
  wire MISO;
  reg [EVENT-1:0] AERIN_ADDR;
  reg AERIN_REQ;
  wire AERIN_ACK;
  wire [7:0] AEROUT_ADDR;
  wire AEROUT_REQ;
  reg AEROUT_ACK;

`ifdef TINYODIN
  wire SCHED_FULL;
  tinyODIN dut (
      .CLK(CLK), .RST(RST), .SCK(SCK), .MOSI(MOSI), .MISO(MISO),
      .AERIN_ADDR(AERIN_ADDR), .AERIN_REQ(AERIN_REQ), .AERIN_ACK(AERIN_ACK),
      .AEROUT_ADDR(AEROUT_ADDR), .AEROUT_REQ(AEROUT_REQ), .AEROUT_ACK(AEROUT_ACK), .SCHED_FULL(SCHED_FULL)
  );
`else
  ODIN dut (
      .CLK(CLK), .RST(RST), .SCK(SCK), .MOSI(MOSI), .MISO(MISO),
      .AERIN_ADDR(AERIN_ADDR), .AERIN_REQ(AERIN_REQ), .AERIN_ACK(AERIN_ACK),
      .AEROUT_ADDR(AEROUT_ADDR), .AEROUT_REQ(AEROUT_REQ), .AEROUT_ACK(AEROUT_ACK)
  );
`endif

  reg [63:0] tape[0:`TAPE_WORDS-1];
  reg [63:0] op;
  integer pc;
  integer i;
  integer cycle;
  integer last;
  integer from;
  integer errors;
  reg counting;
  reg playing;
  reg hold;
  reg before;
  reg full;
  reg [19:0] back;

  // Clocks since the end of the first reset. Everything is looked at and changed on the falling edge.
  always @(posedge CLK) if (counting) cycle = cycle + 1;

  always @(negedge CLK) begin
    if (!hold) AEROUT_ACK <= AEROUT_REQ;
    if (AEROUT_REQ === 1'b1 && before === 1'b0 && counting) begin
      $display("S %0d %0h", cycle, AEROUT_ADDR);
      last = cycle;
    end
    before = AEROUT_REQ;
`ifdef TINYODIN
    if (SCHED_FULL !== full && counting && full !== 1'bx) $display("P %0d SCHED_FULL %0d", cycle, SCHED_FULL);
    full = SCHED_FULL;
`endif
  end

  // One step of the tape: after the falling edge has been looked at.
  task clocks(input integer n);
    begin
      repeat (n) begin
        @(negedge CLK);
      end
      #1;
    end
  endtask

  task transfer(input [39:0] bits);
    begin
      for (i = 39; i >= 0; i = i - 1) begin
        MOSI = bits[i];
        clocks(2);
        back = {back[18:0], MISO};
        SCK = 1'b1;
        clocks(2);
        SCK = 1'b0;
      end
    end
  endtask

  initial begin
    CLK = 1'b0; RST = 1'b0; SCK = 1'b0; MOSI = 1'b0;
    AERIN_ADDR = 0; AERIN_REQ = 1'b0; AEROUT_ACK = 1'b0;
    cycle = 0; last = 0; errors = 0; counting = 1'b0; hold = 1'b0; before = 1'b0; full = 1'bx; back = 20'd0;
    pc = 0; playing = 1'b1;
    $readmemh("tape.hex", tape);
`ifdef BACK_DOOR
    $readmemh("neu.hex", dut.neuron_core_0.neurarray_0.SRAM);
    $readmemh("syn.hex", dut.synaptic_core_0.synarray_0.SRAM);
`endif
    clocks(1);
    while (playing) begin
      op = tape[pc];
      pc = pc + 1;
      case (op[63:60])
        4'd1: transfer(op[39:0]);
        4'd2: begin
          AERIN_ADDR = op[EVENT-1:0];
          AERIN_REQ = 1'b1;
          while (AERIN_ACK !== 1'b1) clocks(1);
          AERIN_REQ = 1'b0;
          while (AERIN_ACK !== 1'b0) clocks(1);
        end
        4'd3: clocks(op[31:0]);
        4'd4: begin
          RST = 1'b1;
          clocks(8);
          RST = 1'b0;
          counting = 1'b1;
          clocks(8);
        end
        4'd5: begin
          transfer(op[39:0]);
          if (op[59] && back[7:0] !== op[47:40]) errors = errors + 1;
          $display("R %0d %0d %0d %0h", cycle, op[37:36], op[35:20], back[7:0]);
        end
        4'd6: $display("M %0d %0d", cycle, op[31:0]);
        4'd7: begin
          from = cycle;
          while (cycle < (last > from ? last : from) + op[31:0] && cycle < from + 100000) clocks(1);
        end
        4'd9: hold = op[0];
        default: playing = 1'b0;
      endcase
    end
    $display("E %0d %0d", cycle, errors);
    $finish;
  end

  always #5 CLK = ~CLK;
endmodule
