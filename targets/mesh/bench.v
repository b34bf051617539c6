// Test bench of the mesh chip: plays tape.hex at the host port and prints the log. It knows
// nothing of the chip but the port names of README.md, section Pins. Verilog-2001.
//
// Macros: DUT (module, default mesh_chip), TAPE_WORDS (lines of tape.hex that there is room for),
// BACK_DOOR (the memories are loaded by the statements of back_door.vh, which know our own Verilog),
// DUMP (every signal goes into chip.vcd).
`timescale 1ns / 1ps
`ifndef DUT
`define DUT mesh_chip
`endif
`ifndef TAPE_WORDS
`define TAPE_WORDS 1048576
`endif

module bench;
  localparam WORDS = `TAPE_WORDS;

  reg clk = 1'b0;
  reg rst_n = 1'b0;
  // Memories are cleared at power-up only.
  reg wipe = 1'b1;
  reg cfg_valid = 1'b0;
  reg cfg_write = 1'b0;
  reg [15:0] cfg_space = 16'd0;
  reg [15:0] cfg_address = 16'd0;
  reg [31:0] cfg_wdata = 32'd0;
  wire cfg_ready;
  wire cfg_rvalid;
  wire [31:0] cfg_rdata;
  reg in_valid = 1'b0;
  reg [47:0] in_packet = 48'd0;
  wire in_ready;
  reg step_start = 1'b0;
  wire idle;
  wire late;
  wire out_valid;
  wire [47:0] out_packet;
  wire [47:0] cycle;

  `DUT dut (
      .clk(clk), .rst_n(rst_n), .wipe(wipe),
      .cfg_valid(cfg_valid), .cfg_ready(cfg_ready), .cfg_write(cfg_write),
      .cfg_space(cfg_space), .cfg_address(cfg_address), .cfg_wdata(cfg_wdata),
      .cfg_rvalid(cfg_rvalid), .cfg_rdata(cfg_rdata),
      .in_valid(in_valid), .in_ready(in_ready), .in_packet(in_packet),
      .step_start(step_start), .idle(idle), .late(late),
      .out_valid(out_valid), .out_packet(out_packet), .cycle(cycle)
  );

  reg [63:0] tape[0:WORDS-1];
  integer pc;
  integer errors;
  // Cycles of steps before the last reset.
  reg [47:0] base;
  reg [63:0] word;
  reg running;
`ifdef BACK_DOOR
  reg [31:0] scratch[0:65535];
  integer w;
`endif

  always #5 clk = ~clk;

  // Outputs are looked at on the falling edge, where everything has settled.
  always @(negedge clk) if (rst_n && out_valid) $display("S %0d %0h", base + cycle, out_packet);

  // Stimulus changes on the falling edge. A read waits for its word.
  task configure(input is_write, input [15:0] space, input [15:0] address, input [31:0] data);
    begin
      cfg_write = is_write;
      cfg_space = space;
      cfg_address = address;
      cfg_wdata = data;
      cfg_valid = 1'b1;
      while (!cfg_ready) @(negedge clk);
      @(negedge clk);
      cfg_valid = 1'b0;
      if (!is_write) while (!cfg_rvalid) @(negedge clk);
    end
  endtask

  task reset_pulse;
    begin
      base = base + cycle;
      rst_n = 1'b0;
      repeat (4) @(negedge clk);
      rst_n = 1'b1;
      @(negedge clk);
    end
  endtask

  initial begin
    $readmemh("tape.hex", tape);
`ifdef DUMP
    $dumpfile("chip.vcd");
    $dumpvars(0, bench);
`endif
    base = 48'd0;
    errors = 0;
    pc = 0;
    running = 1'b1;
    repeat (4) @(negedge clk);
    rst_n = 1'b1;
    wipe = 1'b0;
    @(negedge clk);
    while (!idle) @(negedge clk);
`ifdef BACK_DOOR
    `include "back_door.vh"
`endif
    while (running) begin
      word = tape[pc];
      pc = pc + 1;
      case (word[63:60])
        4'd1: begin
          configure(1'b1, word[47:32], word[15:0], tape[pc][31:0]);
          pc = pc + 1;
        end
        4'd2: begin
          in_packet = word[47:0];
          in_valid = 1'b1;
          while (!in_ready) @(negedge clk);
          @(negedge clk);
          in_valid = 1'b0;
        end
        4'd4: reset_pulse;
        4'd5: begin
          configure(1'b0, word[47:32], word[15:0], 32'd0);
          if (word[59] && cfg_rdata !== tape[pc][31:0]) errors = errors + 1;
          $display("R %0d %0d %0d %0h", base + cycle, word[47:32], word[15:0], cfg_rdata);
          pc = pc + 1;
        end
        4'd6: $display("M %0d %0d", base + cycle, word[31:0]);
        4'd8: begin
          while (!idle) @(negedge clk);
          step_start = 1'b1;
          @(negedge clk);
          step_start = 1'b0;
          while (!idle) @(negedge clk);
          if (late) errors = errors + 1;
        end
        4'd15: running = 1'b0;
        default: ;
      endcase
    end
    $display("E %0d %0d", base + cycle, errors);
    $finish;
  end
endmodule
