`include "mesh_params.vh"
`include "mesh_words.vh"
// The chip: cores and routers in a grid, the barrier, and the host's port.
//
// After power-up: `rst` with `wipe`, wait for `quiet`; load words; `rst` without `wipe`, wait for `quiet`. Then each `go`
// runs a step: offer the step's packets from its first clock on (`begins` comes in the clock before),
// until `quiet`.
module mesh (
    input wire clk,
    input wire rst,
    input wire wipe,
    // Loading: a word of a core's memory, or of the chip's registers.
    input wire load,
    input wire load_chip,
    input wire [4:0] load_x,
    input wire [4:0] load_y,
    input wire [2:0] load_memory,
    input wire [2:0] load_word,
    input wire [15:0] load_index,
    input wire [31:0] load_data,
    // With `quiet` and without `go`: the word of that place, in the clock after.
    input wire look,
    output reg [31:0] looked,
    // With `quiet` and without `go`: the state of neuron `load_index` of core (load_x, load_y), in the clock after.
    // Touched, accumulator, fired, current and potential from the top.
    input wire peek,
    output reg [88:0] peeked,
    // Steps.
    input wire go,
    output wire quiet,
    output wire begins,
    output wire late,
    output wire [47:0] cycle,
    // Packets from the host, in the running step, and to it.
    input wire in_valid,
    input wire [`MESH_PACKET-1:0] in_packet,
    output wire in_ready,
    output wire out_valid,
    output wire [`MESH_PACKET-1:0] out_packet
`ifdef MESH_TRACE
    ,
    input wire trace
`endif
);
  localparam COLUMNS = `MESH_COLUMNS;
  localparam CORES = `MESH_COLUMNS * `MESH_ROWS;
  localparam P = `MESH_PACKET;

  // Registers.
  reg [31:0] size_word;
  reg [31:0] steps_word;
  reg [31:0] seed_word;
  reg [31:0] seed_hash;
  reg [31:0] found;
  wire [15:0] interval = steps_word[`REGISTER_STEPS_INTERVAL];
  wire [31:0] seed = seed_word[`REGISTER_SEED_SEED];
  wire [31:0] mixed0 = (seed ^ (seed >> 16)) * 32'h85ebca6b;
  wire [31:0] mixed1 = (mixed0 ^ (mixed0 >> 13)) * 32'hc2b2ae35;
  always @(posedge clk) begin
    if (rst & wipe) begin
      size_word <= 0;
      steps_word <= 0;
      seed_word <= 0;
    end else if (load & load_chip) begin
      if (load_index == 16'd0) size_word <= load_data;
      if (load_index == 16'd1) steps_word <= load_data;
      if (load_index == 16'd2) seed_word <= load_data;
    end
    found <= 0;
    if (look & load_chip & ~rst) found <= load_index == 16'd0 ? size_word : load_index == 16'd1 ? steps_word : seed_word;
    if (rst) seed_hash <= mixed1 ^ (mixed1 >> 16);
  end

  wire prepare;
  wire [31:0] step;
  wire [15:0] turn;
  wire [CORES-1:0] cleared;
  wire [CORES-1:0] done;
  wire [CORES-1:0] lates;
  wire [CORES-1:0] empty;
  assign late = |lates;

  mesh_barrier barrier (
      .clk(clk),
      .rst(rst),
      .cleared(&cleared),
      .go(go),
      .nothing_left(&done & &empty & ~in_valid),
      .interval(interval),
      .quiet(quiet),
      .prepare(prepare),
      .begins(begins),
      .step(step),
      .turn(turn),
      .cycle(cycle)
  );

  // Packets into and out of each router, five ports each: local, north, east, south, west.
  wire [5*CORES-1:0] put;
  wire [5*CORES*P-1:0] packet;
  wire [5*CORES-1:0] room;
  wire [5*CORES-1:0] out_put;
  wire [5*CORES*P-1:0] out_packets;
  wire [5*CORES-1:0] out_room;
  wire [89*CORES-1:0] peeks;
  wire [32*CORES-1:0] looks;

  // The host at the west of router 0, which takes a packet in every clock.
  assign put[4] = in_valid & in_ready;
  assign packet[4*P+:P] = in_packet;
  assign in_ready = room[4];
  assign out_room[4] = 1'b1;
  assign out_valid = out_put[4];
  assign out_packet = out_packets[4*P+:P];

  genvar x;
  genvar y;
  generate
    for (y = 0; y < `MESH_ROWS; y = y + 1) begin : row
      for (x = 0; x < `MESH_COLUMNS; x = x + 1) begin : column
        localparam R = y * COLUMNS + x;
        localparam [4:0] X = x;
        localparam [4:0] Y = y;

        mesh_core core (
            .clk(clk),
            .rst(rst),
            .x(X),
            .y(Y),
            .wipe(wipe),
            .cleared(cleared[R]),
            .load(load & ~load_chip & load_x == X & load_y == Y),
            .load_memory(load_memory),
            .load_word(load_word),
            .load_index(load_index),
            .load_data(load_data),
            .look(look & ~load_chip & load_x == X & load_y == Y),
            .looked(looks[32*R+:32]),
            .peek(peek & load_x == X & load_y == Y),
            .peeked(peeks[89*R+:89]),
            .prepare(prepare),
            .begins(begins),
            .step(step),
            .turn(turn),
            .interval(interval),
            .seed_hash(seed_hash),
            .done(done[R]),
            .late(lates[R]),
            .in_put(out_put[5*R]),
            .in_packet(out_packets[5*R*P+:P]),
            .in_room(out_room[5*R]),
            .out_put(put[5*R]),
            .out_packet(packet[5*R*P+:P]),
            .out_room(room[5*R])
`ifdef MESH_TRACE
            ,
            .trace(trace),
            .cycle(cycle)
`endif
        );

        mesh_router router (
            .clk(clk),
            .rst(rst),
            .x(X),
            .y(Y),
            .put(put[5*R+:5]),
            .packet(packet[5*R*P+:5*P]),
            .room(room[5*R+:5]),
            .out_put(out_put[5*R+:5]),
            .out_packet(out_packets[5*R*P+:5*P]),
            .out_room(out_room[5*R+:5]),
            .empty(empty[R])
        );

        // What comes from the north is what the northern neighbour sends south, and so on.
        if (y > 0) begin : north
          assign put[5*R+1] = out_put[5*(R-COLUMNS)+3];
          assign packet[(5*R+1)*P+:P] = out_packets[(5*(R-COLUMNS)+3)*P+:P];
          assign out_room[5*R+1] = room[5*(R-COLUMNS)+3];
        end else begin : no_north
          assign put[5*R+1] = 1'b0;
          assign packet[(5*R+1)*P+:P] = {P{1'b0}};
          assign out_room[5*R+1] = 1'b0;
        end
        if (x < `MESH_COLUMNS - 1) begin : east
          assign put[5*R+2] = out_put[5*(R+1)+4];
          assign packet[(5*R+2)*P+:P] = out_packets[(5*(R+1)+4)*P+:P];
          assign out_room[5*R+2] = room[5*(R+1)+4];
        end else begin : no_east
          assign put[5*R+2] = 1'b0;
          assign packet[(5*R+2)*P+:P] = {P{1'b0}};
          assign out_room[5*R+2] = 1'b0;
        end
        if (y < `MESH_ROWS - 1) begin : south
          assign put[5*R+3] = out_put[5*(R+COLUMNS)+1];
          assign packet[(5*R+3)*P+:P] = out_packets[(5*(R+COLUMNS)+1)*P+:P];
          assign out_room[5*R+3] = room[5*(R+COLUMNS)+1];
        end else begin : no_south
          assign put[5*R+3] = 1'b0;
          assign packet[(5*R+3)*P+:P] = {P{1'b0}};
          assign out_room[5*R+3] = 1'b0;
        end
        if (x > 0) begin : west
          assign put[5*R+4] = out_put[5*(R-1)+2];
          assign packet[(5*R+4)*P+:P] = out_packets[(5*(R-1)+2)*P+:P];
          assign out_room[5*R+4] = room[5*(R-1)+2];
        end else if (y > 0) begin : no_west
          assign put[5*R+4] = 1'b0;
          assign packet[(5*R+4)*P+:P] = {P{1'b0}};
          assign out_room[5*R+4] = 1'b0;
        end
      end
    end
  endgenerate

  // Only the core that was asked gives anything but 0.
  integer k;
  always @* begin
    looked = found;
    for (k = 0; k < CORES; k = k + 1) looked = looked | looks[32*k+:32];
  end

  integer c;
  always @* begin
    peeked = 0;
    c = 0;
    if (peek) for (c = 0; c < CORES; c = c + 1) if ({27'd0, load_y} * COLUMNS + {27'd0, load_x} == c) peeked = peeks[89*c+:89];
  end
endmodule
