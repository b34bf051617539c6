// Moves along the progression to its first member that reaches an output inside the tile.
module mesh_axis_reach (
    input wire active,
    input wire found,
    input wire [3:0] tap,
    input wire signed [10:0] out,
    input wire [3:0] tap_step,
    input wire [3:0] out_step,
    // Length of the tile, and of the kernel.
    input wire [10:0] length,
    input wire [4:0] kernel,
    output reg reached,
    output reg [4:0] first_tap,
    output reg [9:0] first_out
);
  reg [9:0] excess;
  reg [9:0] moves;
  reg [13:0] tap_at;
  reg signed [14:0] out_at;

  always @* begin
    reached = 1'b0;
    excess = 0;
    moves = 0;
    tap_at = 0;
    out_at = 0;
    if (active && found && !out[10]) begin
      if (out[9:0] >= length[9:0] && !length[10]) begin
        excess = out[9:0] - length[9:0];
        moves = excess / {6'd0, out_step == 0 ? 4'd1 : out_step} + 10'd1;
      end
      tap_at = {10'd0, tap} + moves * {10'd0, tap_step};
      out_at = $signed({4'd0, out}) - $signed({1'b0, {4'd0, moves} * {10'd0, out_step}});
      reached = (moves == 0 || out_step != 0) && !out_at[14] && tap_at < {9'd0, kernel};
    end
    first_tap = tap_at[4:0];
    first_out = out_at[9:0];
  end
endmodule
