// The first of the wanting inputs after the last winner, cyclically.
module mesh_turn (
    input wire [4:0] want,
    input wire [2:0] last,
    output wire [2:0] next
);
  wire [4:0] after = want & (5'b11110 << last);
  wire [4:0] from = after == 0 ? want : after;
  assign next = from[0] ? 3'd0 : from[1] ? 3'd1 : from[2] ? 3'd2 : from[3] ? 3'd3 : 3'd4;
endmodule
