`include "mesh_params.vh"
`include "mesh_words.vh"
// Integration: events to the words of their rows. A pipeline that starts while the barrier is still closed
// and is never slower than the stated cycles, which it adds up in `total`; the update waits for that time.
//
//   take -> axon -> count -> [apply] shape -> tap -> place -> row: one word a clock
module mesh_integrate (
    input wire clk,
    input wire rst,
    // Events of the step.
    input wire start,
    input wire more,
    output wire take,
    input wire [11:0] event_axon,
    input wire [3:0] event_member,
    input wire [23:0] event_payload,
    // The axon's words.
    output wire axon_read,
    output wire [11:0] axon_address,
    input wire [31:0] axon0,
    input wire [31:0] axon1,
    // The pooled axons' counters, the clock after the axon's words.
    input wire clear,
    input wire [15:0] clear_index,
    // The profile that a gated axon names: first step of the running sample.
    output wire profile_read,
    output wire [5:0] profile_address,
    input wire began,
    input wire [31:0] sample,
    // A row's header: two words beginning at any address.
    output wire header_read,
    output wire [15:0] header_address,
    input wire [31:0] header0,
    input wire [31:0] header1,
    output wire shape_read,
    output wire [5:0] shape_address,
    input wire [31:0] shape0,
    input wire [31:0] shape1,
    // The row's words, and what the clock after needs to add them.
    output wire word_read,
    output wire [15:0] word_address,
    output reg word_valid,
    output reg word_sparse,
    output reg [3:0] word_bits,
    output reg [5:0] word_count,
    output reg [9:0] word_slot,
    output reg [31:0] word_payload,
    // Whether weights are still on their way into accumulators.
    input wire adding,
    // All is added; and the cycles it takes.
    output reg done,
    output reg [39:0] total,
    // For the trace: an event was counted.
    output wire taken,
    output wire [11:0] taken_axon,
    output wire [23:0] taken_payload
);
  localparam [2:0] IDLE = 0, EVENTS = 1, DRAIN = 2, WALK = 3, FLUSH = 4;

  reg [2:0] state;
  wire go;

  // take: the next event, or the next pooled axon of the list.
  reg [12:0] pooled;
  reg [12:0] walked;
  wire [11:0] walk_axon;
  wire walking = state == WALK & walked != pooled;
  assign take = go & state == EVENTS & more;

  // axon
  reg a_valid;
  reg a_walk;
  wire [11:0] a_axon;
  assign a_axon = a_walk ? walk_axon : event_axon;
  assign axon_read = go & a_valid;
  assign axon_address = a_axon;

  // count
  reg c_valid;
  reg c_walk;
  reg [11:0] c_axon;
  reg [3:0] c_member;
  reg [23:0] c_payload;
  assign header_read = go & c_valid;
  assign header_address = axon0[`AXON0_ROW];
  assign profile_read = go & c_valid;
  assign profile_address = axon0[`AXON0_NEED];

  // apply: counters, header and profile are there.
  reg p_valid;
  reg p_walk;
  reg [11:0] p_axon;
  reg [3:0] p_member;
  reg [23:0] p_payload;
  reg [1:0] p_mode;
  reg [5:0] p_need;
  reg [7:0] p_gain;
  reg [2:0] p_shift;
  reg [9:0] p_y;
  reg [9:0] p_x;
  reg [15:0] p_row;

  wire p_pool = p_mode != `AXON0_MODE_EACH;
  wire p_gate = p_mode == `AXON0_MODE_GATE;
  wire p_counts = go & p_valid & p_pool;
  assign taken = go & p_valid & ~p_walk;
  assign taken_axon = p_axon;
  assign taken_payload = p_payload;

  // Arrivals of this step: a number, or a bit for each member.
  wire [15:0] arrived_data;
  reg again;
  reg [11:0] again_axon;
  reg [15:0] again_arrived;
  wire repeated = again & again_axon == p_axon;
  wire [15:0] arrived = repeated ? again_arrived : arrived_data;
  wire [15:0] one_more = p_gate ? arrived | (16'd1 << p_member) : arrived == 16'd63 ? arrived : arrived + 16'd1;
  wire [15:0] arrived_next = p_walk ? 16'd0 : one_more;
  wire first_arrival = arrived == 0;

  mesh_ram #(
      .WIDTH(16),
      .BITS(`MESH_AXON_BITS),
      .DEPTH(`MESH_AXONS)
  ) arrivals (
      .clk(clk),
      .write(clear | p_counts),
      .write_address(clear ? clear_index[`MESH_AXON_BITS-1:0] : p_axon[`MESH_AXON_BITS-1:0]),
      .write_data(clear ? 16'd0 : arrived_next),
      .read(go & c_valid),
      .read_address(c_axon[`MESH_AXON_BITS-1:0]),
      .data(arrived_data)
  );

  wire won;
  generate
    if (`MESH_HAS_GATE) begin : gates
      // Arrivals by member over a sample, and the sample they belong to.
      wire [287:0] data;
      reg [287:0] last;
      wire [287:0] kept = repeated ? last : data;
      wire [31:0] now = began ? sample : 32'hffffffff;
      wire [255:0] counters = kept[287:256] == now ? kept[255:0] : 256'd0;
      reg [255:0] counted;
      reg [3:0] best;
      reg [15:0] most;
      reg [15:0] at;
      integer m;
      assign won = arrived[best];

      always @* begin
        counted = counters;
        best = 0;
        most = 0;
        at = 0;
        m = 0;
        if (p_valid & p_gate) begin
          if (~p_walk) counted[16*p_member+:16] = counters[16*p_member+:16] + 16'd1;
          for (m = 0; m < 16; m = m + 1) begin
            at = counters[16*m+:16];
            if (at > most) begin
              most = at;
              best = m[3:0];
            end
          end
        end
      end

      mesh_ram #(
          .WIDTH(288),
          .BITS(`MESH_AXON_BITS),
          .DEPTH(`MESH_AXONS)
      ) members (
          .clk(clk),
          .write(clear | (p_counts & p_gate)),
          .write_address(clear ? clear_index[`MESH_AXON_BITS-1:0] : p_axon[`MESH_AXON_BITS-1:0]),
          .write_data(clear ? {32'hffffffff, 256'd0} : {now, counted}),
          .read(go & c_valid),
          .read_address(c_axon[`MESH_AXON_BITS-1:0]),
          .data(data)
      );

      always @(posedge clk) if (p_counts & p_gate) last <= {now, counted};
    end else begin : no_gates
      assign won = 1'b0;
    end
  endgenerate

  mesh_ram #(
      .WIDTH(12),
      .BITS(`MESH_AXON_BITS),
      .DEPTH(`MESH_AXONS)
  ) pooled_axons (
      .clk(clk),
      .write(p_counts & ~p_walk & first_arrival),
      .write_address(pooled[`MESH_AXON_BITS-1:0]),
      .write_data(p_axon),
      .read(go & walking),
      .read_address(walked[`MESH_AXON_BITS-1:0]),
      .data(walk_axon)
  );

  wire p_apply = p_walk ? (p_gate ? won : arrived >= {10'd0, p_need}) : ~p_pool;
  wire [31:0] p_base = p_walk ? 32'd1 : {{8{p_payload[23]}}, p_payload};
  wire [31:0] p_scaled = (p_base * {{24{p_gain[7]}}, p_gain}) << p_shift;
  wire p_conv = header0[`ROW_KIND] == `ROW_KIND_CONV;
  assign shape_read = go & p_valid & p_conv;
  assign shape_address = header1[`ROW_SHAPE_SHAPE];

  // shape: the convolution's geometry is there; first tap of each axis.
  reg s_valid;
  reg s_conv;
  reg s_sparse;
  reg [3:0] s_bits;
  reg [10:0] s_count;
  reg [9:0] s_base;
  reg [15:0] s_row;
  reg [9:0] s_y;
  reg [9:0] s_x;
  reg [31:0] s_payload;
  wire found_y;
  wire found_x;
  wire [3:0] tap_y;
  wire [3:0] tap_x;
  wire [10:0] out_y;
  wire [10:0] out_x;
  wire [3:0] tap_step_y;
  wire [3:0] tap_step_x;
  wire [3:0] out_step_y;
  wire [3:0] out_step_x;

  // tap: first tap of each axis inside the tile.
  reg t_valid;
  reg t_conv;
  reg t_sparse;
  reg [3:0] t_bits;
  reg [10:0] t_count;
  reg [10:0] t_words;
  reg [9:0] t_base;
  reg [15:0] t_row;
  reg [31:0] t_payload;
  reg [4:0] t_kernel_y;
  reg [4:0] t_kernel_x;
  reg [10:0] t_height;
  reg [9:0] t_width;
  reg [10:0] t_pitch;
  reg t_found_y;
  reg t_found_x;
  reg [3:0] t_tap_y;
  reg [3:0] t_tap_x;
  reg [10:0] t_out_y;
  reg [10:0] t_out_x;
  reg [3:0] t_tap_step_y;
  reg [3:0] t_tap_step_x;
  reg [3:0] t_out_step_y;
  reg [3:0] t_out_step_x;
  wire reached_y;
  wire reached_x;
  wire [4:0] first_tap_y;
  wire [4:0] first_tap_x;
  wire [9:0] first_out_y;
  wire [9:0] first_out_x;

  // place: where the first word is, and how far the others.
  reg l_valid;
  reg l_conv;
  reg l_sparse;
  reg [3:0] l_bits;
  reg [10:0] l_count;
  reg [10:0] l_words;
  reg [9:0] l_base;
  reg [15:0] l_row;
  reg [31:0] l_payload;
  reg l_some;
  reg [4:0] l_kernel_y;
  reg [4:0] l_kernel_x;
  reg [9:0] l_width;
  reg [10:0] l_pitch;
  reg [4:0] l_tap_y;
  reg [4:0] l_tap_x;
  reg [9:0] l_out_y;
  reg [9:0] l_out_x;
  reg [3:0] l_tap_step_y;
  reg [3:0] l_tap_step_x;
  reg [3:0] l_out_step_y;
  reg [3:0] l_out_step_x;

  generate
    if (`MESH_HAS_CONV) begin : taps
      mesh_axis_first axis_y (
          .active(s_valid & s_conv),
          .place(s_y),
          .stride(shape0[`SHAPE0_STRIDEY]),
          .dilation(shape0[`SHAPE0_DILATIONY]),
          .found(found_y),
          .tap(tap_y),
          .out(out_y),
          .tap_step(tap_step_y),
          .out_step(out_step_y)
      );
      mesh_axis_first axis_x (
          .active(s_valid & s_conv),
          .place(s_x),
          .stride(shape0[`SHAPE0_STRIDEX]),
          .dilation(shape0[`SHAPE0_DILATIONX]),
          .found(found_x),
          .tap(tap_x),
          .out(out_x),
          .tap_step(tap_step_x),
          .out_step(out_step_x)
      );
      mesh_axis_reach inner_y (
          .active(t_valid & t_conv),
          .found(t_found_y),
          .tap(t_tap_y),
          .out(t_out_y),
          .tap_step(t_tap_step_y),
          .out_step(t_out_step_y),
          .length(t_height),
          .kernel(t_kernel_y),
          .reached(reached_y),
          .first_tap(first_tap_y),
          .first_out(first_out_y)
      );
      mesh_axis_reach inner_x (
          .active(t_valid & t_conv),
          .found(t_found_x),
          .tap(t_tap_x),
          .out(t_out_x),
          .tap_step(t_tap_step_x),
          .out_step(t_out_step_x),
          .length({1'b0, t_width}),
          .kernel(t_kernel_x),
          .reached(reached_x),
          .first_tap(first_tap_x),
          .first_out(first_out_x)
      );
    end else begin : no_taps
      assign {found_y, found_x, tap_y, tap_x, out_y, out_x} = 0;
      assign {tap_step_y, tap_step_x, out_step_y, out_step_x} = 0;
      assign {reached_y, reached_x, first_tap_y, first_tap_x, first_out_y, first_out_x} = 0;
    end
  endgenerate

  // Words that a number of weights take, and weights in a word.
  reg [10:0] s_words;
  reg [5:0] l_per_word;
  always @*
    case (s_bits)
      4'd0: s_words = (s_count + 11'd31) / 11'd32;
      4'd1: s_words = (s_count + 11'd15) / 11'd16;
      4'd2: s_words = (s_count + 11'd9) / 11'd10;
      4'd3: s_words = (s_count + 11'd7) / 11'd8;
      4'd4: s_words = (s_count + 11'd5) / 11'd6;
      4'd5: s_words = (s_count + 11'd4) / 11'd5;
      4'd6, 4'd7: s_words = (s_count + 11'd3) / 11'd4;
      4'd8, 4'd9: s_words = (s_count + 11'd2) / 11'd3;
      default: s_words = (s_count + 11'd1) / 11'd2;
    endcase
  always @*
    case (l_bits)
      4'd0: l_per_word = 6'd32;
      4'd1: l_per_word = 6'd16;
      4'd2: l_per_word = 6'd10;
      4'd3: l_per_word = 6'd8;
      4'd4: l_per_word = 6'd6;
      4'd5: l_per_word = 6'd5;
      4'd6, 4'd7: l_per_word = 6'd4;
      4'd8, 4'd9: l_per_word = 6'd3;
      default: l_per_word = 6'd2;
    endcase

  // row: the words of the row at work.
  reg busy;
  reg r_conv;
  reg r_sparse;
  reg [3:0] r_bits;
  reg [5:0] r_per_word;
  reg [10:0] r_count;
  reg [31:0] r_payload;
  reg [10:0] r_left;
  reg [15:0] r_address;
  reg [9:0] r_slot;
  // Where the tap at work, and the first tap of its line, begin.
  reg [15:0] r_tap;
  reg [9:0] r_tap_slot;
  reg [15:0] r_line;
  reg [9:0] r_line_slot;
  reg [4:0] r_kernel_y;
  reg [4:0] r_kernel_x;
  reg [4:0] r_tap_y;
  reg [4:0] r_tap_x;
  reg [4:0] r_first_x;
  reg [9:0] r_out_y;
  reg [9:0] r_out_x;
  reg [9:0] r_first_out_x;
  reg [3:0] r_tap_step_y;
  reg [3:0] r_tap_step_x;
  reg [3:0] r_out_step_y;
  reg [3:0] r_out_step_x;
  reg [15:0] r_address_x;
  reg [15:0] r_address_y;
  reg [9:0] r_slot_x;
  reg [9:0] r_slot_y;

  wire in_tap = r_left > {5'd0, r_per_word};
  wire next_x = r_conv & ({1'b0, r_tap_x} + {2'd0, r_tap_step_x} < {1'b0, r_kernel_x}) & r_out_x >= {6'd0, r_out_step_x};
  wire next_y = r_conv & ({1'b0, r_tap_y} + {2'd0, r_tap_step_y} < {1'b0, r_kernel_y}) & r_out_y >= {6'd0, r_out_step_y};
  wire last = ~in_tap & ~next_x & ~next_y;
  // The synapse memory has one port: a header is read when no word is.
  assign go = ~busy | (last & ~c_valid);
  assign word_read = busy;
  assign word_address = r_address;

  // Products in the widths of addresses and slots, in which sums are taken.
  wire [15:0] words_wide = {5'd0, l_words};
  wire [15:0] tap_index = {11'd0, l_tap_y} * {11'd0, l_kernel_x} + {11'd0, l_tap_x};
  wire [20:0] out_index = {11'd0, l_out_y} * {11'd0, l_width} + {11'd0, l_out_x};
  wire [31:0] out_slot = {11'd0, out_index} * {21'd0, l_pitch};
  wire [31:0] slot_step_y = {28'd0, l_out_step_y} * {22'd0, l_width} * {21'd0, l_pitch};
  wire [31:0] slot_step_x = {28'd0, l_out_step_x} * {21'd0, l_pitch};
  wire [15:0] place_address = l_row + (l_conv ? 16'd2 + tap_index * words_wide : 16'd1);
  wire [9:0] place_slot = l_conv ? l_base + out_slot[9:0] : l_base;
  wire enters = l_valid & l_some & l_count != 0;

  always @(posedge clk) begin
    if (rst) begin
      state <= IDLE;
      done <= 1'b0;
      total <= 0;
      pooled <= 0;
      walked <= 0;
      a_valid <= 1'b0;
      c_valid <= 1'b0;
      p_valid <= 1'b0;
      s_valid <= 1'b0;
      t_valid <= 1'b0;
      l_valid <= 1'b0;
      busy <= 1'b0;
      word_valid <= 1'b0;
      again <= 1'b0;
    end else begin
      case (state)
        IDLE:
        if (start) begin
          state <= more ? EVENTS : IDLE;
          done <= ~more;
          total <= 0;
          pooled <= 0;
          walked <= 0;
        end
        EVENTS: if (~more) state <= DRAIN;
        DRAIN: if (~a_valid & ~c_valid & ~p_valid) state <= pooled != 0 ? WALK : FLUSH;
        WALK: if (walked == pooled) state <= FLUSH;
        default:
        if (~a_valid & ~c_valid & ~p_valid & ~s_valid & ~t_valid & ~l_valid & ~busy & ~word_valid & ~adding) begin
          state <= IDLE;
          done <= 1'b1;
        end
      endcase

      if (go & state == WALK & walking) walked <= walked + 1'b1;
      if (p_counts & ~p_walk & first_arrival) pooled <= pooled + 1'b1;
      if (go) again <= p_valid & p_pool;

      if (state != IDLE)
        total <= total + (taken ? `MESH_CYCLES_EVENT : 40'd0) + (p_counts & p_walk & p_gate ? `MESH_CYCLES_GATE : 40'd0)
            + (go & l_valid ? `MESH_CYCLES_ROW : 40'd0) + (busy ? `MESH_CYCLES_WORD : 40'd0);

      if (go) begin
        a_valid <= take | walking;
        c_valid <= a_valid;
        p_valid <= c_valid;
        s_valid <= p_valid & p_apply;
        t_valid <= s_valid;
        l_valid <= t_valid;
        busy <= enters;
      end else if (last) busy <= 1'b0;
      word_valid <= busy;
    end

    if (go) a_walk <= state == WALK;
    if (go & a_valid) begin
      c_walk <= a_walk;
      c_axon <= a_axon;
      c_member <= event_member;
      c_payload <= event_payload;
    end
    if (go & c_valid) begin
      p_walk <= c_walk;
      p_axon <= c_axon;
      p_member <= c_member;
      p_payload <= c_payload;
      p_mode <= axon0[`AXON0_MODE];
      p_need <= axon0[`AXON0_NEED];
      p_row <= axon0[`AXON0_ROW];
      p_gain <= axon1[`AXON1_GAIN];
      p_shift <= axon1[`AXON1_SHIFT];
      p_y <= axon1[`AXON1_Y];
      p_x <= axon1[`AXON1_X];
    end
    if (p_counts) begin
      again_axon <= p_axon;
      again_arrived <= arrived_next;
    end
    if (go & p_valid) begin
      s_conv <= p_conv;
      s_sparse <= header0[`ROW_KIND] == `ROW_KIND_SPARSE;
      s_bits <= header0[`ROW_BITS];
      s_count <= header0[`ROW_COUNT];
      s_base <= header0[`ROW_BASE];
      s_row <= p_row;
      s_y <= p_y;
      s_x <= p_x;
      s_payload <= p_scaled;
    end
    if (go & s_valid) begin
      t_conv <= s_conv;
      t_sparse <= s_sparse;
      t_bits <= s_bits;
      t_count <= s_count;
      t_words <= s_words;
      t_base <= s_base;
      t_row <= s_row;
      t_payload <= s_payload;
      t_kernel_y <= shape0[`SHAPE0_KERNELY];
      t_kernel_x <= shape0[`SHAPE0_KERNELX];
      t_height <= shape1[`SHAPE1_HEIGHT];
      t_width <= shape1[`SHAPE1_WIDTH];
      t_pitch <= shape1[`SHAPE1_PITCH];
      t_found_y <= found_y;
      t_found_x <= found_x;
      t_tap_y <= tap_y;
      t_tap_x <= tap_x;
      t_out_y <= out_y;
      t_out_x <= out_x;
      t_tap_step_y <= tap_step_y;
      t_tap_step_x <= tap_step_x;
      t_out_step_y <= out_step_y;
      t_out_step_x <= out_step_x;
    end
    if (go & t_valid) begin
      l_conv <= t_conv;
      l_sparse <= t_sparse;
      l_bits <= t_bits;
      l_count <= t_count;
      l_words <= t_words;
      l_base <= t_base;
      l_row <= t_row;
      l_payload <= t_payload;
      l_some <= ~t_conv | (reached_y & reached_x);
      l_kernel_y <= t_kernel_y;
      l_kernel_x <= t_kernel_x;
      l_width <= t_width;
      l_pitch <= t_pitch;
      l_tap_y <= first_tap_y;
      l_tap_x <= first_tap_x;
      l_out_y <= first_out_y;
      l_out_x <= first_out_x;
      l_tap_step_y <= t_tap_step_y;
      l_tap_step_x <= t_tap_step_x;
      l_out_step_y <= t_out_step_y;
      l_out_step_x <= t_out_step_x;
    end
    if (busy) begin
      word_sparse <= r_sparse;
      word_bits <= r_bits;
      word_count <= in_tap ? r_per_word : r_left[5:0];
      word_slot <= r_slot;
      word_payload <= r_payload;
    end
    if (go & enters) begin
      r_conv <= l_conv;
      r_sparse <= l_sparse;
      r_bits <= l_bits;
      r_per_word <= l_sparse ? 6'd1 : l_per_word;
      r_count <= l_count;
      r_left <= l_count;
      r_payload <= l_payload;
      r_address <= place_address;
      r_tap <= place_address;
      r_line <= place_address;
      r_slot <= place_slot;
      r_tap_slot <= place_slot;
      r_line_slot <= place_slot;
      r_kernel_y <= l_kernel_y;
      r_kernel_x <= l_kernel_x;
      r_tap_y <= l_tap_y;
      r_tap_x <= l_tap_x;
      r_first_x <= l_tap_x;
      r_out_y <= l_out_y;
      r_out_x <= l_out_x;
      r_first_out_x <= l_out_x;
      r_tap_step_y <= l_tap_step_y;
      r_tap_step_x <= l_tap_step_x;
      r_out_step_y <= l_out_step_y;
      r_out_step_x <= l_out_step_x;
      r_address_x <= {12'd0, l_tap_step_x} * words_wide;
      r_address_y <= {12'd0, l_tap_step_y} * {11'd0, l_kernel_x} * words_wide;
      r_slot_x <= slot_step_x[9:0];
      r_slot_y <= slot_step_y[9:0];
    end else if (busy & in_tap) begin
      r_left <= r_left - {5'd0, r_per_word};
      r_address <= r_address + 1'b1;
      r_slot <= r_slot + {4'd0, r_per_word};
    end else if (busy & next_x) begin
      r_left <= r_count;
      r_tap_x <= r_tap_x + {1'b0, r_tap_step_x};
      r_out_x <= r_out_x - {6'd0, r_out_step_x};
      r_address <= r_tap + r_address_x;
      r_tap <= r_tap + r_address_x;
      r_slot <= r_tap_slot - r_slot_x;
      r_tap_slot <= r_tap_slot - r_slot_x;
    end else if (busy & next_y) begin
      r_left <= r_count;
      r_tap_x <= r_first_x;
      r_out_x <= r_first_out_x;
      r_tap_y <= r_tap_y + {1'b0, r_tap_step_y};
      r_out_y <= r_out_y - {6'd0, r_out_step_y};
      r_address <= r_line + r_address_y;
      r_tap <= r_line + r_address_y;
      r_line <= r_line + r_address_y;
      r_slot <= r_line_slot - r_slot_y;
      r_tap_slot <= r_line_slot - r_slot_y;
      r_line_slot <= r_line_slot - r_slot_y;
    end
  end
endmodule
