`include "mesh_params.vh"
`include "mesh_words.vh"
// The output toward a packet's destination, as one of five bits: x first, then y. The host is at the west of (0, 0).
module mesh_exit (
    input wire [`MESH_PACKET-1:0] packet,
    input wire [4:0] x,
    input wire [4:0] y,
    output wire [4:0] exit
);
  wire host = packet[`PACKET_HOST];
  wire [4:0] to_x = host ? 5'd0 : packet[`PACKET_X];
  wire [4:0] to_y = host ? 5'd0 : packet[`PACKET_Y];
  wire here_x = to_x == x;
  wire here = here_x & to_y == y;
  // west, south, east, north, local
  assign exit = {to_x < x | (here & host), here_x & to_y > y, to_x > x, here_x & to_y < y, here & ~host};
endmodule
