// Plays a tape at ReckOn's pins and prints what comes out. Knows port names only; the memories are
// named for the back door, which is used where the macro BACK_DOOR is defined.
//
// The tape is tape.hex: one 64-bit word a line, operation in bits 63..60.
//   1 write {space 50..48, address 47..32, data 31..0}    5 read, the same; bit 51: data is expected
//   2 event {channel 7..0}    3 wait n clocks    4 reset    6 mark n    7 wait for n quiet clocks
//   8 tick    9 pin {which 7..0: 0 SAMPLE, 1 INFER_ACC; value 8}    f end
//
// Every stimulus changes on the falling edge. Lines printed: S cycle word (bytes of the output bus since the
// last tick, and the byte), M cycle mark, R cycle space address value, E cycle errors.
// Cycles are rising edges since the end of the first reset.
`timescale 1ns / 1ps

module bench;
  parameter TAPE_WORDS = 1 << 20;
  parameter PATIENCE = 1 << 24;

  reg clk = 0;
  reg rst = 1;
  reg sck = 0;
  reg mosi = 0;
  wire miso;
  reg [7:0] in_address = 0;
  reg in_request = 0;
  wire in_acknowledge;
  reg sample = 0;
  reg tick = 0;
  reg infer = 0;
  wire configured;
  wire ready;
  wire out_request;
  reg out_acknowledge = 0;
  wire [7:0] out_data;

  reg running = 0;
  reg [63:0] tape [0:TAPE_WORDS-1];
  reg [63:0] op;
  reg [63:0] frame;
  reg [31:0] value;
  reg [63:0] cycle = 0;
  reg [63:0] count;
  reg [7:0] bytes = 0;
  reg acknowledged = 0;
  integer limit;
  integer errors;
  integer at;
  integer i;
  reg done;

  always #5 clk = ~clk;

  reckon chip (
    .CLK_EXT(clk),
    .CLK_INT_EN(1'b0),
    .RST(rst),
    .SCK(sck),
    .MOSI(mosi),
    .MISO(miso),
    .AERIN_ADDR(in_address),
    .AERIN_REQ(in_request),
    .AERIN_ACK(in_acknowledge),
    .AERIN_TAR_EN(1'b0),
    .SAMPLE(sample),
    .TIME_TICK(tick),
    .TARGET_VALID(1'b0),
    .INFER_ACC(infer),
    .SPI_RDY(configured),
    .TIMING_ERROR_RDY(ready),
    .OUT_REQ(out_request),
    .OUT_ACK(out_acknowledge),
    .OUT_DATA(out_data)
  );

`ifdef BACK_DOOR
  initial begin
    $readmemh("neurons.hex", chip.srnn_0.neurons.SRAM);
    $readmemh("inputWeights.hex", chip.srnn_0.weights_inp.SRAM);
    $readmemh("recurrentWeights.hex", chip.srnn_0.weights_rec.SRAM);
    $readmemh("outputWeights.hex", chip.srnn_0.weights_out.SRAM);
  end
`endif

  always @(posedge clk) if (running) cycle <= cycle + 1;

  // The output bus is answered in the clock after the request.
  always @(negedge clk) begin
    acknowledged <= out_acknowledge;
    if (out_request && !out_acknowledge) begin
      $display("S %0d %0h", cycle, {bytes, out_data});
      bytes <= bytes + 1;
      out_acknowledge <= 1;
    end else if (!out_request && out_acknowledge) begin
      out_acknowledge <= 0;
    end
    if (tick && !rst) bytes <= 0;
  end

  initial begin
    $readmemh("tape.hex", tape);
    repeat (8) @(negedge clk);
    rst <= 0;
    running <= 1;
    repeat (4) @(negedge clk);
    at = 0;
    errors = 0;
    done = 0;
    while (!done) begin
      op = tape[at];
      at = at + 1;
      count = {4'b0, op[59:0]};
      case (op[63:60])
        4'h1: begin
          frame = {1'b0, op[50:48], 12'd1, op[47:32], op[31:0]};
          for (i = 63; i >= 0; i = i - 1) begin
            sck <= 0;
            mosi <= frame[i];
            repeat (2) @(negedge clk);
            sck <= 1;
            repeat (2) @(negedge clk);
          end
          sck <= 0;
          repeat (4) @(negedge clk);
        end
        4'h2: begin
          in_address <= op[7:0];
          in_request <= 1;
          @(negedge clk);
          while (!in_acknowledge) @(negedge clk);
          in_request <= 0;
          @(negedge clk);
          while (in_acknowledge) @(negedge clk);
        end
        4'h3: while (count != 0) begin
          @(negedge clk);
          count = count - 1;
        end
        4'h4: begin
          rst <= 1;
          repeat (4) @(negedge clk);
          rst <= 0;
          repeat (4) @(negedge clk);
        end
        4'h5: begin
          frame = {1'b1, op[50:48], 12'd1, op[47:32], 32'd0};
          for (i = 63; i >= 0; i = i - 1) begin
            sck <= 0;
            mosi <= frame[i];
            repeat (4) @(negedge clk);
            if (i < 32) value = {value[30:0], miso};
            sck <= 1;
            repeat (4) @(negedge clk);
          end
          sck <= 0;
          repeat (4) @(negedge clk);
          $display("R %0d %0d %0d %0h", cycle, op[50:48], op[47:32], value);
          if (op[51] && value !== op[31:0]) errors = errors + 1;
        end
        4'h6: $display("M %0d %0d", cycle, count);
        4'h7: begin
          limit = PATIENCE;
          while (count != 0 && limit != 0) begin
            @(negedge clk);
            limit = limit - 1;
            if (!ready || out_request || out_acknowledge) count = {4'b0, op[59:0]};
            else count = count - 1;
          end
        end
        4'h8: begin
          tick <= 1;
          repeat (2) @(negedge clk);
          tick <= 0;
          @(negedge clk);
        end
        4'h9: begin
          if (op[7:0] == 0) sample <= op[8];
          else infer <= op[8];
          repeat (4) @(negedge clk);
        end
        default: done = 1;
      endcase
    end
    $display("E %0d %0d", cycle, errors);
    $finish;
  end
endmodule
