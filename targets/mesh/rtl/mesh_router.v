`include "mesh_params.vh"
`include "mesh_words.vh"
// One router: five input FIFOs and five outputs, in the order local, north, east, south, west. Packets go
// along x first, then along y; each output grants its inputs in turn.
module mesh_router (
    input wire clk,
    input wire rst,
    input wire [4:0] x,
    input wire [4:0] y,
    // Packets that come in, and whether each FIFO has room.
    input wire [4:0] put,
    input wire [5*`MESH_PACKET-1:0] packet,
    output wire [4:0] room,
    // Packets that go out, and whether what lies behind has room.
    output reg [4:0] out_put,
    output reg [5*`MESH_PACKET-1:0] out_packet,
    input wire [4:0] out_room,
    output wire empty
);
  /* verilator no_inline_module */
  wire [4:0] ready;
  wire [4:0] none;
  reg [4:0] take;
  wire [5*`MESH_PACKET-1:0] heads;
  // Input that won each output last.
  reg [14:0] winners;
  reg [14:0] won;

  assign empty = &none;

  genvar f;
  generate
    for (f = 0; f < 5; f = f + 1) begin : inputs
      mesh_fifo fifo (
          .clk(clk),
          .rst(rst),
          .put(put[f]),
          .packet(packet[f*`MESH_PACKET+:`MESH_PACKET]),
          .take(take[f]),
          .head(heads[f*`MESH_PACKET+:`MESH_PACKET]),
          .ready(ready[f]),
          .room(room[f]),
          .empty(none[f])
      );
    end
  endgenerate

  // Which inputs want each output, and which of them has its turn.
  wire [24:0] wants;
  wire [14:0] turns;
  integer i;
  integer o;

  generate
    for (f = 0; f < 5; f = f + 1) begin : ways
      wire [4:0] exit;
      mesh_exit way (
          .packet(heads[f*`MESH_PACKET+:`MESH_PACKET]),
          .x(x),
          .y(y),
          .exit(exit)
      );
      assign {wants[20+f], wants[15+f], wants[10+f], wants[5+f], wants[f]} = ready[f] ? exit : 5'd0;
      mesh_turn turn (
          .want(wants[5*f+:5]),
          .last(winners[3*f+:3]),
          .next(turns[3*f+:3])
      );
    end
  endgenerate

  always @* begin
    take = 0;
    out_put = 0;
    out_packet = 0;
    won = winners;
    i = 0;
    o = 0;
    if (ready != 0) begin
      for (o = 0; o < 5; o = o + 1) begin
        if (wants[5*o+:5] != 0 && out_room[o]) begin
          out_put[o] = 1'b1;
          won[3*o+:3] = turns[3*o+:3];
          for (i = 0; i < 5; i = i + 1)
            if (turns[3*o+:3] == i[2:0]) begin
              take[i] = 1'b1;
              out_packet[o*`MESH_PACKET+:`MESH_PACKET] = heads[i*`MESH_PACKET+:`MESH_PACKET];
            end
        end
      end
    end
  end

  always @(posedge clk) winners <= rst ? {5{3'd4}} : won;
endmodule
