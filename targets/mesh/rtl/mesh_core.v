`include "mesh_params.vh"
`include "mesh_words.vh"
// One core: its memories, as the loader writes them, and the pipelines that work on them.
module mesh_core (
    input wire clk,
    input wire rst,
    input wire [4:0] x,
    input wire [4:0] y,
    // With reset: memories are cleared, too.
    input wire wipe,
    output wire cleared,
    // The host's port: writes one word of a memory, gives one in the clock after `look` (0 else), or shows one neuron's state.
    input wire load,
    input wire [2:0] load_memory,
    input wire [2:0] load_word,
    input wire [15:0] load_index,
    input wire [31:0] load_data,
    input wire look,
    output wire [31:0] looked,
    input wire peek,
    output wire [88:0] peeked,
    // Time.
    input wire prepare,
    input wire begins,
    input wire [31:0] step,
    input wire [15:0] turn,
    input wire [15:0] interval,
    input wire [31:0] seed_hash,
    output wire done,
    output wire late,
    // Packets.
    input wire in_put,
    input wire [`MESH_PACKET-1:0] in_packet,
    output wire in_room,
    output wire out_put,
    output wire [`MESH_PACKET-1:0] out_packet,
    input wire out_room
`ifdef MESH_TRACE
    ,
    input wire trace,
    input wire [47:0] cycle
`endif
);
  /* verilator no_inline_module */
  // Clearing: an index runs over all memories.
  reg sweeping;
  reg wiping;
  reg waiting;
  reg [15:0] sweep;
  wire last = sweep == (wiping ? `MESH_WIPE_LAST : `MESH_CLEAR_LAST);
  wire dividing;
  reg divide;
  wire wipes = sweeping & wiping;
  wire clears = sweeping;
  assign cleared = ~sweeping & ~divide & ~dividing & ~waiting;

  always @(posedge clk) begin
    waiting <= rst;
    divide <= ~rst & sweeping & last;
    if (rst) begin
      sweeping <= 1'b1;
      wiping <= wipe;
      sweep <= 0;
    end else if (sweeping) begin
      sweep <= sweep + 16'd1;
      if (last) sweeping <= 1'b0;
    end
  end

  wire [15:0] index = wipes ? sweep : load_index;
  wire [31:0] word_in = wipes ? 32'd0 : load_data;
  wire load_control = wipes | (load & load_memory == 3'd0);
  wire [3:0] load_profiles;
  wire [5:0] load_neurons;
  wire load_routes = wipes | (load & load_memory == 3'd3);
  wire [1:0] load_axons;
  wire [1:0] load_shapes;
  wire load_synapses = wipes | (load & load_memory == 3'd6);

  genvar w;
  generate
    for (w = 0; w < 4; w = w + 1) begin : load_profile
      assign load_profiles[w] = wipes | (load & load_memory == 3'd1 & load_word == w);
    end
    for (w = 0; w < 6; w = w + 1) begin : load_neuron
      assign load_neurons[w] = wipes | (load & load_memory == 3'd2 & load_word == w);
    end
    for (w = 0; w < 2; w = w + 1) begin : load_pair
      assign load_axons[w] = wipes | (load & load_memory == 3'd4 & load_word == w);
      assign load_shapes[w] = wipes | (load & load_memory == 3'd5 & load_word == w);
    end
  endgenerate

  reg [31:0] control;
  wire enabled = control[`CONTROL_ENABLED];
  wire [10:0] slots = control[`CONTROL_SLOTS];
  always @(posedge clk) if (load_control) control <= word_in;

  // Events of the step.
  wire start;
  wire [`MESH_EVENT_BITS-1:0] events;
  wire more;
  wire take_event;
  wire [11:0] event_axon;
  wire [3:0] event_member;
  wire [23:0] event_payload;
  wire stored;
  wire lost;
  wire [11:0] seen_axon;
  wire [23:0] seen_payload;

  mesh_events memory_of_events (
      .clk(clk),
      .rst(rst),
      .enabled(enabled),
      .clear(clears),
      .clear_index(sweep[5:0]),
      .step(step[5:0]),
      .prepare(prepare),
      .load(load_axons[0]),
      .load_axon(index[`MESH_AXON_BITS-1:0]),
      .load_delay({word_in[`AXON0_USED], word_in[`AXON0_DELAY]}),
      .put(in_put),
      .packet(in_packet),
      .room(in_room),
      .stored(stored),
      .lost(lost),
      .seen_axon(seen_axon),
      .seen_payload(seen_payload),
      .start(start),
      .count(events),
      .more(more),
      .take(take_event),
      .axon(event_axon),
      .member(event_member),
      .payload(event_payload)
  );

  // Integration.
  wire axon_read;
  wire [11:0] axon_address;
  wire [63:0] axon_words;
  wire [31:0] axon0 = axon_words[31:0];
  wire [31:0] axon1 = axon_words[63:32];
  wire header_read;
  wire [15:0] header_address;
  wire [31:0] header0;
  wire [31:0] header1;
  wire shape_read;
  wire [5:0] shape_address;
  wire [63:0] shape_words;
  wire [31:0] shape0 = shape_words[31:0];
  wire [31:0] shape1 = shape_words[63:32];
  wire word_read;
  wire [15:0] word_address;
  wire [31:0] word;
  wire word_valid;
  wire word_sparse;
  wire [3:0] word_bits;
  wire [5:0] word_count;
  wire [9:0] word_slot;
  wire [31:0] word_payload;
  wire adding;
  wire integrated;
  wire [39:0] total;
  wire taken;
  wire [11:0] taken_axon;
  wire [23:0] taken_payload;
  wire gate_profile_read;
  wire [5:0] gate_profile;
  wire profile_read;
  wire [5:0] profile_address;
  wire phase_read;
  wire phase_write;
  wire [5:0] phase_index;
  wire [15:0] phase_data;
  wire [127:0] profile_words;
  wire [31:0] profile0 = profile_words[31:0];
  wire [31:0] profile1 = profile_words[63:32];
  wire [31:0] profile2 = profile_words[95:64];
  wire [31:0] profile3 = profile_words[127:96];
  wire [191:0] neuron_words;
  wire [31:0] neuron0 = neuron_words[31:0];
  wire [31:0] neuron1 = neuron_words[63:32];
  wire [31:0] neuron2 = neuron_words[95:64];
  wire [31:0] neuron3 = neuron_words[127:96];
  wire [31:0] neuron4 = neuron_words[159:128];
  wire [31:0] neuron5 = neuron_words[191:160];
  wire [15:0] phase;
  // Of the profile that was read: whether it has begun, and the step in which its running sample did.
  wire begun = step >= {16'd0, profile2[`PROFILE2_START]};
  wire [15:0] local_step = turn >= phase ? turn - phase : turn + interval - phase;
  wire [31:0] sample = step - {16'd0, local_step};

  mesh_integrate integrate (
      .clk(clk),
      .rst(rst),
      .start(start),
      .more(more),
      .take(take_event),
      .event_axon(event_axon),
      .event_member(event_member),
      .event_payload(event_payload),
      .axon_read(axon_read),
      .axon_address(axon_address),
      .axon0(axon0),
      .axon1(axon1),
      .clear(clears),
      .clear_index(sweep),
      .profile_read(gate_profile_read),
      .profile_address(gate_profile),
      .began(begun),
      .sample(sample),
      .header_read(header_read),
      .header_address(header_address),
      .header0(header0),
      .header1(header1),
      .shape_read(shape_read),
      .shape_address(shape_address),
      .shape0(shape0),
      .shape1(shape1),
      .word_read(word_read),
      .word_address(word_address),
      .word_valid(word_valid),
      .word_sparse(word_sparse),
      .word_bits(word_bits),
      .word_count(word_count),
      .word_slot(word_slot),
      .word_payload(word_payload),
      .adding(adding),
      .done(integrated),
      .total(total),
      .taken(taken),
      .taken_axon(taken_axon),
      .taken_payload(taken_payload)
  );

  generate
    for (w = 0; w < 2; w = w + 1) begin : axon_memory
      mesh_ram #(
          .WIDTH(32),
          .BITS(`MESH_AXON_BITS),
          .DEPTH(`MESH_AXONS)
      ) axons (
          .clk(clk),
          .write(load_axons[w]),
          .write_address(index[`MESH_AXON_BITS-1:0]),
          .write_data(word_in),
          .read(axon_read | look),
          .read_address(look ? load_index[`MESH_AXON_BITS-1:0] : axon_address[`MESH_AXON_BITS-1:0]),
          .data(axon_words[32*w+:32])
      );
    end
    for (w = 0; w < 2; w = w + 1) begin : shape_memory
      mesh_ram #(
          .WIDTH(32),
          .BITS(6),
          .DEPTH(64)
      ) shapes (
          .clk(clk),
          .write(load_shapes[w]),
          .write_address(index[5:0]),
          .write_data(word_in),
          .read(shape_read | look),
          .read_address(look ? load_index[5:0] : shape_address),
          .data(shape_words[32*w+:32])
      );
    end
  endgenerate

  mesh_synapses synapses (
      .clk(clk),
      .write(load_synapses),
      .write_address(index),
      .write_data(word_in),
      .header_read(header_read),
      .header_address(header_address),
      .header0(header0),
      .header1(header1),
      .word_read(word_read | look),
      .word_address(look ? load_index : word_address),
      .word(word)
  );

  // Profiles: gated axons read them while integrating, neurons afterwards, the divider after reset.
  wire [5:0] profile_at = look ? load_index[5:0] : phase_read ? phase_index : integrated ? profile_address : gate_profile;
  generate
    for (w = 0; w < 4; w = w + 1) begin : profile_memory
      mesh_ram #(
          .WIDTH(32),
          .BITS(6),
          .DEPTH(64)
      ) profiles (
          .clk(clk),
          .write(load_profiles[w]),
          .write_address(index[5:0]),
          .write_data(word_in),
          .read(phase_read | profile_read | gate_profile_read | look),
          .read_address(profile_at),
          .data(profile_words[32*w+:32])
      );
    end
  endgenerate

  mesh_ram #(
      .WIDTH(16),
      .BITS(6),
      .DEPTH(64)
  ) phases (
      .clk(clk),
      .write(phase_write),
      .write_address(phase_index),
      .write_data(phase_data),
      .read(profile_read | gate_profile_read),
      .read_address(profile_at),
      .data(phase)
  );

  mesh_phases divider (
      .clk(clk),
      .rst(rst),
      .start(divide),
      .interval(interval),
      .busy(dividing),
      .read(phase_read),
      .index(phase_index),
      .profile_start(profile2[`PROFILE2_START]),
      .write(phase_write),
      .phase(phase_data)
  );

  // Update.
  wire neuron_read;
  wire [9:0] neuron_slot;
  wire input_read;
  wire [9:0] input_slot;
  wire [31:0] accumulator;
  wire touched;
  wire state_write;
  wire [9:0] state_slot;
  wire [55:0] state_data;
  wire [55:0] state;
  wire result;
  wire take;
  wire updated;
  wire sends;
  wire is_output;
  wire [23:0] payload;
  wire [13:0] route_start;
  wire [10:0] route_count;

  mesh_accumulators accumulators (
      .clk(clk),
      .rst(rst),
      .valid(word_valid),
      .word(word),
      .sparse(word_sparse),
      .bits(word_bits),
      .count(word_count),
      .slot(word_slot),
      .payload(word_payload),
      .adding(adding),
      .read(input_read | peek),
      .clear(input_read),
      .read_slot(peek ? load_index[9:0] : input_slot),
      .sweep(clears),
      .sweep_row(sweep),
      .accumulator(accumulator),
      .touched(touched)
  );

  wire [`MESH_SLOT_BITS-1:0] neuron_at = look ? load_index[`MESH_SLOT_BITS-1:0] : neuron_slot[`MESH_SLOT_BITS-1:0];
  generate
    for (w = 0; w < 6; w = w + 1) begin : neuron_memory
      mesh_ram #(
          .WIDTH(32),
          .BITS(`MESH_SLOT_BITS),
          .DEPTH(1 << `MESH_SLOT_BITS)
      ) neurons (
          .clk(clk),
          .write(load_neurons[w]),
          .write_address(index[`MESH_SLOT_BITS-1:0]),
          .write_data(word_in),
          .read(neuron_read | look),
          .read_address(neuron_at),
          .data(neuron_words[32*w+:32])
      );
    end
  endgenerate

  wire [9:0] state_at = peek ? load_index[9:0] : neuron_slot;
  mesh_ram #(
      .WIDTH(56),
      .BITS(`MESH_SLOT_BITS),
      .DEPTH(1 << `MESH_SLOT_BITS)
  ) states (
      .clk(clk),
      .write(clears | state_write),
      .write_address(clears ? sweep[`MESH_SLOT_BITS-1:0] : state_slot[`MESH_SLOT_BITS-1:0]),
      .write_data(clears ? 56'd0 : state_data),
      .read(neuron_read | peek),
      .read_address(state_at[`MESH_SLOT_BITS-1:0]),
      .data(state)
  );
  assign peeked = {touched, accumulator, state};

  mesh_update update (
      .clk(clk),
      .rst(rst),
      .start(start & enabled),
      .slots(slots),
      .added(integrated),
      .step(step),
      .turn(turn),
      .interval(interval),
      .seed_hash(seed_hash),
      .read(neuron_read),
      .read_slot(neuron_slot),
      .neuron0(neuron0),
      .threshold(neuron1[`NEURON1_THRESHOLD]),
      .reset(neuron2[`NEURON2_RESET]),
      .bias(neuron3[`NEURON3_BIAS]),
      .initial_v(neuron4[`NEURON4_INITIAL]),
      .noise_key(neuron5[`NEURON5_NOISEKEY]),
      .state(state),
      .profile_read(profile_read),
      .profile_address(profile_address),
      .profile0(profile0),
      .profile1(profile1),
      .profile2(profile2),
      .profile3(profile3),
      .phase(phase),
      .input_read(input_read),
      .input_slot(input_slot),
      .accumulator(accumulator),
      .touched(touched),
      .write(state_write),
      .write_slot(state_slot),
      .write_state(state_data),
      .result(result),
      .take(take),
      .updated(updated),
      .sends(sends),
      .is_output(is_output),
      .payload(payload),
      .route_start(route_start),
      .route_count(route_count)
  );

  // Time and packets.
  wire route_read;
  wire [13:0] route_address;
  wire [31:0] route;
  wire update_begins;
  wire sent;
  wire sent_potential;
  wire [9:0] sent_slot;
  wire [23:0] sent_payload;
  wire finishes;

  mesh_ram #(
      .WIDTH(32),
      .BITS(`MESH_ROUTE_BITS),
      .DEPTH(`MESH_ROUTES)
  ) routes (
      .clk(clk),
      .write(load_routes),
      .write_address(index[`MESH_ROUTE_BITS-1:0]),
      .write_data(word_in),
      .read(route_read | look),
      .read_address(look ? load_index[`MESH_ROUTE_BITS-1:0] : route_address[`MESH_ROUTE_BITS-1:0]),
      .data(route)
  );

  mesh_send send (
      .clk(clk),
      .rst(rst),
      .enabled(enabled),
      .slots(slots),
      .begins(begins),
      .events(events != 0),
      .integrated(integrated),
      .total(total),
      .result(result),
      .take(take),
      .updated(updated),
      .sends(sends),
      .is_output(is_output),
      .payload(payload),
      .route_start(route_start),
      .route_count(route_count),
      .route_read(route_read),
      .route_address(route_address),
      .route(route),
      .put(out_put),
      .packet(out_packet),
      .room(out_room),
      .done(done),
      .late(late),
      .update_begins(update_begins),
      .sent(sent),
      .sent_potential(sent_potential),
      .sent_slot(sent_slot),
      .sent_payload(sent_payload),
      .finishes(finishes)
  );

  // Reading back: every memory is read at once, one of them is asked for.
  reg looking;
  reg [2:0] look_memory;
  reg [2:0] look_word;
  reg [31:0] found;
  assign looked = looking ? found : 32'd0;

  always @* begin
    case (look_memory)
      3'd0: found = control;
      3'd1: found = profile_words[{look_word[1:0], 5'd0}+:32];
      3'd2: found = neuron_words[{look_word, 5'd0}+:32];
      3'd3: found = route;
      3'd4: found = look_word[0] ? axon1 : axon0;
      3'd5: found = look_word[0] ? shape1 : shape0;
      default: found = word;
    endcase
  end

  always @(posedge clk) begin
    looking <= look & ~rst;
    look_memory <= load_memory;
    look_word <= load_word;
  end

`ifdef MESH_TRACE
  // A line for every event that can be observed: kind, cycle, core and two numbers.
  wire [31:0] here = {27'd0, y} * `MESH_COLUMNS + {27'd0, x};
  wire [31:0] there = out_packet[`PACKET_HOST] ? 32'hffffffff : {27'd0, out_packet[`PACKET_Y]} * `MESH_COLUMNS + {27'd0, out_packet[`PACKET_X]};
  reg step_begins;
  always @(posedge clk) begin
    step_begins <= begins & enabled & ~rst;
    if (trace) begin
      if (step_begins) $write("b %0d %0d %0d 0\n", cycle, here, events);
      if (taken) $write("t %0d %0d %0d %0d\n", cycle, here, taken_axon, $signed(taken_payload));
      if (update_begins) $write("u %0d %0d %0d 0\n", cycle, here, slots);
      if (sent & ~sent_potential) $write("o %0d %0d %0d %0d\n", cycle, here, sent_slot, $signed(sent_payload));
      if (sent & sent_potential) $write("p %0d %0d %0d %0d\n", cycle, here, sent_slot, $signed(sent_payload));
      if (finishes) $write("d %0d %0d 0 0\n", cycle, here);
      if (out_put) $write("s %0d %0d %0d %0d\n", cycle, here, $signed(there), {out_packet[`PACKET_HOST] ? out_packet[`PACKET_MEMBER] : 4'd0, out_packet[`PACKET_AXON]});
      if (stored) $write("e %0d %0d %0d %0d\n", cycle - 48'd1, here, seen_axon, $signed(seen_payload));
      if (lost) $write("l %0d %0d %0d %0d\n", cycle - 48'd1, here, seen_axon, $signed(seen_payload));
    end
  end
`endif
endmodule
