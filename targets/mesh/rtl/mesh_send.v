`include "mesh_params.vh"
`include "mesh_words.vh"
// A core's step in its stated cycles: integrate, then slot by slot update or skip, and for each packet
// `send` cycles and the put. Pipelines before it deliver early; it is what gives every event its cycle.
module mesh_send (
    input wire clk,
    input wire rst,
    input wire enabled,
    input wire [10:0] slots,
    // The clock after is the first of a step.
    input wire begins,
    input wire events,
    input wire integrated,
    input wire [39:0] total,
    // The slot at work.
    input wire result,
    output wire take,
    input wire updated,
    input wire sends,
    input wire is_output,
    input wire [23:0] payload,
    input wire [13:0] route_start,
    input wire [10:0] route_count,
    // Routes, one clock after the address.
    output wire route_read,
    output wire [13:0] route_address,
    input wire [31:0] route,
    // The injection FIFO.
    output wire put,
    output wire [`MESH_PACKET-1:0] packet,
    input wire room,
    // The step's work is done.
    output wire done,
    // A result came later than its turn: the parameters ask for more than the pipelines can do.
    output reg late,
    // For the trace, in the clock in which it is seen.
    output reg update_begins,
    output reg sent,
    output reg sent_potential,
    output reg [9:0] sent_slot,
    output reg [23:0] sent_payload,
    output reg finishes
);
  localparam [2:0] REST = 0, INTEGRATE = 1, UPDATE = 2, SEND = 3, PUT = 4;

  reg [2:0] state;
  reg [39:0] elapsed;
  reg [7:0] spent;
  reg [10:0] slot;
  reg [13:0] at;
  reg [10:0] left;
  reg [23:0] carried;

  wire [7:0] duration = updated ? `MESH_CYCLES_UPDATE : `MESH_CYCLES_SKIP;
  assign take = state == UPDATE & result & {1'b0, spent} + 9'd1 >= {1'b0, duration};
  wire last_slot = slot + 11'd1 == slots;
  wire packets = take & sends & route_count != 0;
  wire put_last = put & left == 11'd1;
  // The clock after begins the update, or would if there were a slot.
  wire to_update = (begins & enabled & ~events) | (state == INTEGRATE & integrated & elapsed >= total);
  wire no_more = (to_update & slots == 0) | (take & ~packets & last_slot) | (put_last & slot == slots);

  assign done = state == REST;
  assign put = state == PUT & room;
  assign packet = {route[`PACKET_ROUTE], carried};
  assign route_read = state == SEND & spent == 0;
  assign route_address = at;

  always @(posedge clk) begin
    if (rst) begin
      state <= REST;
      late <= 1'b0;
      update_begins <= 1'b0;
      sent <= 1'b0;
      finishes <= 1'b0;
      elapsed <= 0;
      spent <= 0;
      slot <= 0;
    end else begin
      update_begins <= to_update;
      finishes <= no_more;
      sent <= take & sends;
      spent <= spent + 8'd1;
      if (begins) elapsed <= 40'd1;
      else if (state == INTEGRATE) elapsed <= elapsed + 40'd1;
      if (to_update) slot <= 0;
      else if (take) slot <= slot + 11'd1;

      if (to_update | take | put) spent <= 0;
      if (no_more) state <= REST;
      else if (to_update) state <= UPDATE;
      else if (begins & enabled) state <= INTEGRATE;
      else if (packets) state <= SEND;
      else if (state == SEND & spent == `MESH_CYCLES_SEND - 8'd1) state <= PUT;
      else if (put) state <= put_last ? UPDATE : SEND;

      if (state == INTEGRATE & integrated & elapsed > total) late <= 1'b1;
      if (state == UPDATE & ~result) late <= 1'b1;
    end
    if (take) begin
      carried <= payload;
      at <= route_start;
      left <= route_count;
      sent_potential <= is_output;
      sent_slot <= slot[9:0];
      sent_payload <= payload;
    end else if (put) begin
      at <= at + 14'd1;
      left <= left - 11'd1;
    end
  end
endmodule
