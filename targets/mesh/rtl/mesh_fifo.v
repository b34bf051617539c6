`include "mesh_params.vh"
// A FIFO of packets. A packet put in clock a is in it from a + 1 on and can leave in a + HOP at the earliest.
module mesh_fifo (
    input wire clk,
    input wire rst,
    input wire put,
    input wire [`MESH_PACKET-1:0] packet,
    input wire take,
    output wire [`MESH_PACKET-1:0] head,
    // There is a head, and it can leave.
    output wire ready,
    output wire room,
    output wire empty
);
  reg [`MESH_PACKET-1:0] places[0:`MESH_FIFO_LAST];
  reg [`MESH_FIFO_BITS-1:0] first;
  reg [`MESH_FIFO_BITS-1:0] last;
  reg [`MESH_FIFO_BITS:0] size;
  // Packets that have been in it for long enough.
  reg [`MESH_FIFO_BITS:0] ripe;
  // Packets of the last HOP - 1 clocks, one bit each; bit 0 is this clock's.
  wire [`MESH_HOP-1:0] young;

  assign head = places[first];
  assign ready = ripe != 0;
  assign room = size < `MESH_FIFO_SIZE;
  assign empty = size == 0;
  assign young[0] = put;

  generate
    if (`MESH_HOP > 1) begin : wait_some
      reg [`MESH_HOP-2:0] age;
      assign young[`MESH_HOP-1:1] = age;
      always @(posedge clk) age <= rst ? {`MESH_HOP - 1{1'b0}} : young[`MESH_HOP-2:0];
    end
  endgenerate

  always @(posedge clk) begin
    if (rst) begin
      first <= 0;
      last <= 0;
      size <= 0;
      ripe <= 0;
    end else begin
      if (put) begin
        places[last] <= packet;
        last <= last == `MESH_FIFO_LAST ? {`MESH_FIFO_BITS{1'b0}} : last + 1'b1;
      end
      if (take) first <= first == `MESH_FIFO_LAST ? {`MESH_FIFO_BITS{1'b0}} : first + 1'b1;
      if (put & ~take) size <= size + 1'b1;
      if (take & ~put) size <= size - 1'b1;
      if (young[`MESH_HOP-1] & ~take) ripe <= ripe + 1'b1;
      if (take & ~young[`MESH_HOP-1]) ripe <= ripe - 1'b1;
    end
  end
endmodule
