`include "mesh_params.vh"
// The barrier between steps, and the time: a step ends in the first clock in which nobody has work left.
module mesh_barrier (
    input wire clk,
    input wire rst,
    // All cores have cleared their state after reset.
    input wire cleared,
    // Another step may follow.
    input wire go,
    input wire nothing_left,
    input wire [15:0] interval,
    // The step is over, or none has begun; waits for `go`.
    output wire quiet,
    // The next step is made ready: from the clock after on, `step` is the next one.
    output reg prepare,
    // The clock after is the first of the step.
    output wire begins,
    output reg [31:0] step,
    // The step modulo the interval.
    output reg [15:0] turn,
    output reg [47:0] cycle
);
  localparam [1:0] CLEAR = 0, WAIT = 1, COUNT = 2, RUN = 3;
  reg [1:0] state;
  reg [15:0] count;
  reg started;

  assign quiet = state == WAIT | (state == RUN & nothing_left);
  assign begins = state == COUNT & count == `MESH_CYCLES_BARRIER - 16'd1;

  always @(posedge clk) begin
    if (rst) begin
      state <= CLEAR;
      count <= 0;
      prepare <= 1'b0;
      started <= 1'b0;
      step <= 0;
      turn <= 0;
      cycle <= 0;
    end else begin
      prepare <= quiet & go;
      case (state)
        CLEAR: if (cleared) state <= WAIT;
        COUNT: if (begins) state <= RUN;
        default: if (quiet & go) state <= COUNT;
      endcase
      count <= state == COUNT ? count + 16'd1 : 16'd1;
      if (begins) started <= 1'b1;
      if (prepare & started) begin
        step <= step + 32'd1;
        turn <= turn + 16'd1 == interval ? 16'd0 : turn + 16'd1;
      end
      if (started & ~(quiet & ~go)) cycle <= cycle + 48'd1;
    end
  end
endmodule
