`include "mesh_params.vh"
`include "mesh_words.vh"
// The event memory of a core: a list of events for each of the next 64 steps. The lists share one
// pool, twice as large as the events that may wait, because those of the running step are still in it.
module mesh_events (
    input wire clk,
    input wire rst,
    input wire enabled,
    // Clearing of the lists after reset.
    input wire clear,
    input wire [5:0] clear_index,
    // The running step, and the moment in which the next one is made ready.
    input wire [5:0] step,
    input wire prepare,
    // What the loader writes: whether an axon is used, and its delay.
    input wire load,
    input wire [`MESH_AXON_BITS-1:0] load_axon,
    input wire [6:0] load_delay,
    // A packet that leaves the router.
    input wire put,
    input wire [`MESH_PACKET-1:0] packet,
    output wire room,
    // One clock later: what became of it.
    output wire stored,
    output wire lost,
    output wire [11:0] seen_axon,
    output wire [23:0] seen_payload,
    // The running step's events, in order of arrival. The first can be taken in the clock after `start`.
    output reg start,
    output reg [`MESH_EVENT_BITS-1:0] count,
    output wire more,
    input wire take,
    output wire [11:0] axon,
    output wire [3:0] member,
    output wire [23:0] payload
);
  localparam POOL = `MESH_POOL_BITS;
  localparam COUNT = `MESH_EVENT_BITS;
  localparam LIST = COUNT + 2 * POOL;
  localparam [COUNT-1:0] EVENTS = `MESH_EVENTS;
  localparam [12:0] AXONS = `MESH_AXONS;

  // One clock after the packet came its axon's word is there.
  reg arrived;
  reg [11:0] arrived_axon;
  reg [3:0] arrived_member;
  reg [23:0] arrived_payload;
  wire [6:0] delay;
  wire keep = arrived & enabled & delay[6] & ({1'b0, arrived_axon} < AXONS);
  reg [COUNT-1:0] held;
  wire [COUNT-1:0] holds = held + {{COUNT - 1{1'b0}}, keep};

  assign room = holds < EVENTS;
  assign stored = keep;
  assign lost = arrived & ~keep;
  assign seen_axon = arrived_axon;
  assign seen_payload = arrived_payload;

  mesh_ram #(
      .WIDTH(7),
      .BITS(`MESH_AXON_BITS),
      .DEPTH(`MESH_AXONS)
  ) delays (
      .clk(clk),
      .write(load),
      .write_address(load_axon),
      .write_data(load_delay),
      .read(put),
      .read_address(packet[`PACKET_AXON_INDEX]),
      .data(delay)
  );

  // Places of the pool: those never used yet, then those given back.
  reg [POOL:0] fresh;
  reg [POOL-1:0] ring_first;
  reg [POOL-1:0] ring_last;
  wire [POOL-1:0] given_back;
  wire reuse = fresh[POOL];
  wire [POOL-1:0] place = reuse ? given_back : fresh[POOL-1:0];
  wire [POOL-1:0] ring_next = keep & reuse ? ring_first + 1'b1 : ring_first;
  wire [POOL-1:0] taken;

  mesh_ram #(
      .WIDTH(POOL),
      .BITS(POOL),
      .DEPTH(1 << POOL)
  ) ring (
      .clk(clk),
      .write(take),
      .write_address(ring_last),
      .write_data(taken),
      .read(1'b1),
      .read_address(ring_next),
      .data(given_back)
  );

  // Two clocks after the packet came its list is there: count, first and last place.
  reg append;
  reg [5:0] append_list;
  reg [POOL-1:0] append_place;
  reg swap_read;
  reg swap;
  reg again;
  reg [5:0] again_list;
  reg [LIST-1:0] again_data;
  wire [5:0] keep_list = step + 6'd1 + delay[5:0];
  wire [LIST-1:0] list_data;
  wire [LIST-1:0] list = again & again_list == append_list ? again_data : list_data;
  wire [COUNT-1:0] list_count = list[LIST-1-:COUNT];
  wire [POOL-1:0] list_first = list[2*POOL-1-:POOL];
  wire [POOL-1:0] list_last = list[POOL-1:0];
  wire [LIST-1:0] appended = {list_count + 1'b1, list_count == 0 ? append_place : list_first, append_place};

  mesh_ram #(
      .WIDTH(LIST),
      .BITS(6),
      .DEPTH(64)
  ) lists (
      .clk(clk),
      .write(clear | append | swap),
      .write_address(clear ? clear_index : append ? append_list : step),
      .write_data(append & ~clear ? appended : {LIST{1'b0}}),
      .read(keep | swap_read),
      .read_address(keep ? keep_list : step),
      .data(list_data)
  );

  // The running step's list.
  reg at_first;
  reg [POOL-1:0] first;
  reg [COUNT-1:0] left;
  wire [POOL-1:0] link;
  assign taken = at_first ? first : link;
  assign more = left != 0;

  mesh_ram #(
      .WIDTH(40),
      .BITS(POOL),
      .DEPTH(1 << POOL)
  ) pool (
      .clk(clk),
      .write(keep),
      .write_address(place),
      .write_data({arrived_member, arrived_axon, arrived_payload}),
      .read(take),
      .read_address(taken),
      .data({member, axon, payload})
  );

  mesh_ram #(
      .WIDTH(POOL),
      .BITS(POOL),
      .DEPTH(1 << POOL)
  ) links (
      .clk(clk),
      .write(append & list_count != 0),
      .write_address(list_last),
      .write_data(append_place),
      .read(take),
      .read_address(taken),
      .data(link)
  );

  always @(posedge clk) begin
    arrived <= put & ~rst;
    append <= keep & ~rst;
    again <= append;
    swap_read <= prepare & ~rst;
    swap <= swap_read & ~rst;
    start <= swap & ~rst;
    if (put) begin
      arrived_axon <= packet[`PACKET_AXON];
      arrived_member <= packet[`PACKET_MEMBER];
      arrived_payload <= packet[`PACKET_PAYLOAD];
    end
    if (keep) begin
      append_list <= keep_list;
      append_place <= place;
    end
    if (append) begin
      again_list <= append_list;
      again_data <= appended;
    end
    if (rst) begin
      held <= 0;
      fresh <= 0;
      ring_first <= 0;
      ring_last <= 0;
      left <= 0;
      count <= 0;
      at_first <= 1'b0;
      first <= 0;
    end else begin
      held <= swap ? holds - list_data[LIST-1-:COUNT] : holds;
      if (keep & ~reuse) fresh <= fresh + 1'b1;
      ring_first <= ring_next;
      if (take) begin
        ring_last <= ring_last + 1'b1;
        left <= left - 1'b1;
        at_first <= 1'b0;
      end
      if (swap) begin
        count <= list_data[LIST-1-:COUNT];
        left <= list_data[LIST-1-:COUNT];
        first <= list_data[2*POOL-1-:POOL];
        at_first <= 1'b1;
      end
    end
  end
endmodule
