// Plays a tape on a RANC grid and prints what leaves it. Knows the grid's parameters and ports only.
//
// The memories are loaded when the grid is elaborated, from csram_ccc.mem and tc_ccc.mem in the folder
// that MEMORY names. The tape is tape.hex: one 64-bit word a line, operation in bits 63..60.
//   2 packet   3 wait n clocks   4 reset   6 mark n   7 wait for n clocks without output   8 tick   f end
//
// Every stimulus changes on the falling edge. Lines printed: S cycle axon, M cycle mark,
// P cycle pin value (also: host_blocked, when a packet was not taken in LIMIT clocks), E cycle 0. Cycles are rising edges since the end of the first reset.
`timescale 1ns / 1ps

module bench;
  parameter COLUMNS = @COLUMNS@;
  parameter ROWS = @ROWS@;
  parameter OUTPUT_X = @OUTPUT_X@;
  parameter OUTPUT_Y = @OUTPUT_Y@;
  parameter AXONS = @AXONS@;
  parameter NEURONS = @NEURONS@;
  parameter WEIGHTS = @WEIGHTS@;
  parameter POTENTIAL_BITS = @POTENTIAL_BITS@;
  parameter WEIGHT_BITS = @WEIGHT_BITS@;
  parameter LEAK_BITS = @LEAK_BITS@;
  parameter THRESHOLD_BITS = @THRESHOLD_BITS@;
  parameter DX_HIGH = @DX_HIGH@;
  parameter DX_LOW = @DX_LOW@;
  parameter DY_HIGH = @DY_HIGH@;
  parameter DY_LOW = @DY_LOW@;
  parameter PACKET_BITS = DX_HIGH + 1;
  parameter FIFO = @FIFO@;
  parameter AXON_BITS = @AXON_BITS@;
  parameter TAPE_WORDS = @TAPE_WORDS@;
  parameter LIMIT = @LIMIT@;
  parameter MEMORY = "./";

  reg clk = 0;
  reg rst = 1;
  reg tick = 0;
  reg empty = 1;
  reg running = 0;
  reg [PACKET_BITS-1:0] head = 0;
  reg [PACKET_BITS-1:0] packet = 0;
  wire [AXON_BITS-1:0] out;
  wire valid;
  wire take;
  wire busy_error;
  wire slot_error;

  reg [63:0] tape [0:TAPE_WORDS-1];
  reg [63:0] op;
  reg [63:0] cycle = 0;
  reg [63:0] count;
  reg seen = 0;
  reg last_busy = 0;
  integer at;
  reg done;

  always #5 clk = ~clk;

  RANCNetworkGrid #(
    .GRID_DIMENSION_X(COLUMNS),
    .GRID_DIMENSION_Y(ROWS),
    .OUTPUT_CORE_X_COORDINATE(OUTPUT_X),
    .OUTPUT_CORE_Y_COORDINATE(OUTPUT_Y),
    .NUM_OUTPUTS(1 << AXON_BITS),
    .NUM_NEURONS(NEURONS),
    .NUM_AXONS(AXONS),
    .NUM_TICKS(16),
    .NUM_WEIGHTS(WEIGHTS),
    .NUM_RESET_MODES(2),
    .POTENTIAL_WIDTH(POTENTIAL_BITS),
    .WEIGHT_WIDTH(WEIGHT_BITS),
    .LEAK_WIDTH(LEAK_BITS),
    .THRESHOLD_WIDTH(THRESHOLD_BITS),
    .DX_MSB(DX_HIGH),
    .DX_LSB(DX_LOW),
    .DY_MSB(DY_HIGH),
    .DY_LSB(DY_LOW),
    .ROUTER_BUFFER_DEPTH(FIFO),
    .MEMORY_FILEPATH(MEMORY)
  ) grid (
    .clk(clk),
    .rst(rst),
    .tick(tick),
    .input_buffer_empty(empty),
    .packet_in(packet),
    .packet_out(out),
    .packet_out_valid(valid),
    .ren_to_input_buffer(take),
    .token_controller_error(busy_error),
    .scheduler_error(slot_error)
  );

  // The feeder: the packet follows its read enable by a clock, as from the design's own FIFO.
  always @(posedge clk) begin
    if (take) begin
      packet <= head;
      empty <= 1;
    end
  end

  always @(posedge clk) begin
    if (running) begin
      if (busy_error !== last_busy) begin
        $display("P %0d token_controller_error %0d", cycle, busy_error);
        last_busy <= busy_error;
      end
      if (valid) $display("S %0d %0h", cycle + 1, out);
      cycle <= cycle + 1;
    end
    seen <= valid;
  end

  initial begin
    $readmemh("tape.hex", tape);
    repeat (4) @(negedge clk);
    rst <= 0;
    running <= 1;
    at = 0;
    done = 0;
    while (!done) begin
      op = tape[at];
      at = at + 1;
      count = {4'b0, op[59:0]};
      case (op[63:60])
        4'h2: begin
          head <= op[PACKET_BITS-1:0];
          empty <= 0;
          @(negedge clk);
          count = 1;
          while (!empty && count != LIMIT) begin
            @(negedge clk);
            count = count + 1;
          end
          if (!empty) begin
            // Nobody takes it: the way into the grid is blocked.
            empty <= 1;
            $display("P %0d host_blocked 1", cycle);
          end
        end
        4'h3: while (count != 0) begin
          @(negedge clk);
          count = count - 1;
        end
        4'h4: begin
          rst <= 1;
          repeat (4) @(negedge clk);
          rst <= 0;
        end
        4'h6: $display("M %0d %0d", cycle, count);
        4'h7: begin
          while (count != 0) begin
            @(negedge clk);
            if (seen) count = {4'b0, op[59:0]};
            else count = count - 1;
          end
        end
        4'h8: begin
          tick <= 1;
          @(negedge clk);
          tick <= 0;
        end
        default: done = 1;
      endcase
    end
    $display("E %0d 0", cycle);
    $finish;
  end
endmodule
