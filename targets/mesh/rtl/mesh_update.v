`include "mesh_params.vh"
`include "mesh_words.vh"
// The neurons' update, one slot a clock, ahead of the time in which each slot's turn comes: a pipeline
// that stands still while its last stage waits. It begins when all weights of the step are added.
//
//   read -> words -> profile -> input -> noise -> noise -> compare -> divide -> divide -> reset -> result
module mesh_update (
    input wire clk,
    input wire rst,
    input wire start,
    input wire [10:0] slots,
    // Accumulators are complete.
    input wire added,
    // The step, and the same within the interval.
    input wire [31:0] step,
    input wire [15:0] turn,
    input wire [15:0] interval,
    input wire [31:0] seed_hash,
    // Words and state of a neuron, one clock after the address.
    output wire read,
    output wire [9:0] read_slot,
    input wire [31:0] neuron0,
    input wire [23:0] threshold,
    input wire [23:0] reset,
    input wire [23:0] bias,
    input wire [23:0] initial_v,
    input wire [23:0] noise_key,
    input wire [55:0] state,
    // Its profile: the start is given within the interval, too.
    output wire profile_read,
    output wire [5:0] profile_address,
    input wire [31:0] profile0,
    input wire [31:0] profile1,
    input wire [31:0] profile2,
    input wire [31:0] profile3,
    input wire [15:0] phase,
    // Its input, which is cleared as it is read.
    output wire input_read,
    output wire [9:0] input_slot,
    input wire [31:0] accumulator,
    input wire touched,
    // Its next state.
    output wire write,
    output wire [9:0] write_slot,
    output wire [55:0] write_state,
    // What came of it.
    output reg result,
    input wire take,
    output reg updated,
    output reg sends,
    output reg is_output,
    output reg [23:0] payload,
    output reg [13:0] route_start,
    output reg [10:0] route_count
);
  // read
  reg reading;
  reg [10:0] next;
  reg w_valid;
  reg [9:0] w_slot;
  wire go = (~result | take) & (~w_valid | added);
  wire more = reading & next != slots;
  assign read = go & more;
  assign read_slot = next[9:0];

  // words
  assign profile_read = go & w_valid;
  assign profile_address = neuron0[`NEURON0_PROFILE];
  assign input_read = go & w_valid;
  assign input_slot = w_slot;

  // What goes along to the end: routes, slot, how to reset, and what kind of slot it is.
  localparam ALONG = 67;

  // profile
  reg p_valid;
  reg [9:0] p_slot;
  reg p_used;
  reg [23:0] p_threshold;
  reg [23:0] p_reset;
  reg [23:0] p_bias;
  reg [23:0] p_initial;
  reg [55:0] p_state;
  reg [24:0] p_routes;
  wire [1:0] p_boundary = profile0[`PROFILE0_BOUNDARY];
  wire [15:0] p_start = profile2[`PROFILE2_START];
  wire [15:0] p_silent = profile2[`PROFILE2_SILENT];
  wire [15:0] p_length = profile3[`PROFILE3_LENGTH];
  wire [15:0] p_left = p_length == 0 ? 16'd0 : p_length - 16'd1 - p_local;
  wire [15:0] p_local = turn >= phase ? turn - phase : turn + interval - phase;
  wire p_active = p_used & step >= {16'd0, p_start} & (p_length == 0 | p_local < p_length);
  wire p_begins = p_active & p_local == 0 & p_boundary != `PROFILE0_BOUNDARY_KEEP;
  wire p_updates = p_active & (~profile0[`PROFILE0_TOUCHED] | touched);
  wire [23:0] p_v = p_begins ? (p_boundary == `PROFILE0_BOUNDARY_PRELOAD ? p_initial : 24'd0) : p_state[23:0];
  wire [23:0] p_i = p_begins ? 24'd0 : p_state[47:24];
  wire [7:0] p_fired = p_begins ? 8'd0 : p_state[55:48];
  wire [31:0] p_noise_step = {16'd0, p_start} + {16'd0, p_local};

  wire p_reads_out = p_active & profile0[`PROFILE0_OUTPUT] & p_length != 0 & p_local == p_length - 16'd1;
  wire [ALONG-1:0] p_along = {
    p_routes,
    p_slot,
    p_reset,
    profile0[`PROFILE0_RESET],
    profile0[`PROFILE0_EMIT],
    profile0[`PROFILE0_OUTPUT],
    p_reads_out,
    p_active,
    p_updates
  };

  // input
  reg i_valid;
  reg [ALONG-1:0] i_along;
  reg [31:0] i_profile0;
  reg [31:0] i_profile1;
  reg i_with_bias;
  reg i_silent;
  reg [3:0] i_place;
  reg [23:0] i_v;
  reg [23:0] i_i;
  reg [7:0] i_fired;
  reg [31:0] i_input;
  reg signed [39:0] i_leaked;
  reg signed [39:0] i_decayed;
  reg [23:0] i_threshold;
  reg [23:0] i_bias;
  wire signed [39:0] p_wide = {{16{p_v[23]}}, p_v};
  wire signed [39:0] p_i_wide = {{16{p_i[23]}}, p_i};
  // Products with a multiplier of 4096ths are rounded toward zero.
  wire signed [39:0] p_multiplied = p_wide * $signed({27'd0, p_argument});
  wire [12:0] p_argument = profile0[`PROFILE0_LEAKARGUMENT];
  wire [4:0] p_shift = p_argument > 13'd31 ? 5'd31 : p_argument[4:0];
  reg signed [39:0] p_leaked;
  wire signed [39:0] i_input_wide = {{8{i_input[31]}}, i_input};
  wire signed [39:0] i_current_sum = ((i_decayed + (i_decayed < 0 ? 40'sd4095 : 40'sd0)) >>> 12) + i_input_wide;
  wire [23:0] i_current;
  wire signed [39:0] i_current_wide = {{16{i_current[23]}}, i_current};
  wire signed [39:0] i_bias_wide = {{16{i_bias[23]}}, i_bias};
  wire [23:0] i_u;
  mesh_saturate current_in_range (
      .number(i_current_sum),
      .saturated(i_current)
  );
  mesh_saturate sum_in_range (
      .number(i_sum),
      .saturated(i_u)
  );
  wire signed [39:0] i_drive = i_profile0[`PROFILE0_CURRENT] ? i_current_wide : i_input_wide;
  wire signed [39:0] i_sum = i_leaked + i_drive + (i_with_bias ? i_bias_wide : 40'sd0);

  always @* begin
    p_leaked = p_wide;
    if (p_valid)
      case (profile0[`PROFILE0_LEAK])
        `PROFILE0_LEAK_SHIFT: p_leaked = p_wide - (p_wide >>> p_shift);
        `PROFILE0_LEAK_MULTIPLY: p_leaked = (p_multiplied + (p_multiplied < 0 ? 40'sd4095 : 40'sd0)) >>> 12;
        `PROFILE0_LEAK_DOUBLE: p_leaked = p_wide <<< 1;
        default: p_leaked = p_wide;
      endcase
  end

  // noise, noise: only the hash is at work.
  localparam HOLD = 173;
  reg n_valid;
  reg [ALONG-1:0] n_along;
  reg [HOLD-1:0] n_hold;
  reg m_valid;
  reg [ALONG-1:0] m_along;
  reg [HOLD-1:0] m_hold;
  wire m_updates = m_along[0];
  wire m_silent;
  wire [3:0] m_place;
  wire [23:0] m_v;
  wire [23:0] m_u;
  wire [23:0] m_i;
  wire [7:0] m_fired;
  wire [23:0] m_threshold;
  wire [31:0] m_profile0;
  wire [31:0] m_profile1;
  assign {m_silent, m_place, m_v, m_u, m_i, m_fired, m_threshold, m_profile0, m_profile1} = m_hold;
  wire signed [39:0] m_noise;

  generate
    if (`MESH_HAS_NOISE) begin : noise
      // The mixer of the counter hash is two multiplications: x ^ (x >> 16) by this, that ^ (that >> 13) by the other.
      localparam [31:0] FIRST = 32'h85ebca6b;
      localparam [31:0] SECOND = 32'hc2b2ae35;
      localparam [31:0] STEP = 32'h9e3779b1;
      reg [31:0] p_key;
      reg [31:0] i_key;
      reg [31:0] i_count;
      reg [127:0] n_hash;
      reg [127:0] m_hash;
      // profile0 has two bits of noise; a profile without noise does not look.
      wire p_noisy = p_valid & p_updates & profile0[`PROFILE0_NOISE] != `PROFILE0_NOISE_NONE;
      wire p_gauss = profile0[`PROFILE0_NOISE] == `PROFILE0_NOISE_GAUSS;
      reg i_noisy;
      reg n_noisy;
      reg m_noisy;
      reg i_gauss;
      reg n_gauss;
      reg m_gauss;
      wire [31:0] i_hash = i_key ^ (i_key >> 16);
      reg [39:0] sum;
      reg [31:0] hash;
      wire [4:0] m_bits = m_profile1[`PROFILE1_NOISEBITS];
      wire [31:0] w_mixed = seed_hash ^ {8'd0, noise_key};
      wire [127:0] i_mixed;
      genvar h;
      for (h = 0; h < 4; h = h + 1) begin : numbers
        assign i_mixed[32*h+:32] = i_hash ^ (i_count + STEP * h);
      end
      integer j;
      integer k;
      assign m_noise = $signed(sum);

      always @* begin
        sum = 0;
        hash = 0;
        j = 0;
        if (m_noisy) begin
          for (j = 0; j < 4; j = j + 1) begin
            hash = m_hash[32*j+:32];
            if (m_bits != 0 && (j == 0 || m_gauss)) sum = sum + {8'd0, (hash ^ (hash >> 16)) >> (6'd32 - {1'b0, m_bits})};
          end
          if (m_gauss) begin
            sum = sum - (((40'd1 << m_bits) - 40'd1) << 1);
          end
        end
      end

      always @(posedge clk)
        if (go) begin
          if (w_valid) p_key <= (w_mixed ^ (w_mixed >> 16)) * FIRST;
          i_noisy <= p_noisy;
          n_noisy <= i_noisy;
          m_noisy <= n_noisy;
          if (p_noisy) begin
            i_gauss <= p_gauss;
            i_key <= (p_key ^ (p_key >> 13)) * SECOND;
            i_count <= (p_gauss ? p_noise_step << 2 : p_noise_step) * STEP;
          end
          if (i_noisy) begin
            n_gauss <= i_gauss;
            for (k = 0; k < 4; k = k + 1) n_hash[32*k+:32] <= (i_mixed[32*k+:32] ^ (i_mixed[32*k+:32] >> 16)) * FIRST;
          end
          if (n_noisy) begin
            m_gauss <= n_gauss;
            for (k = 0; k < 4; k = k + 1) m_hash[32*k+:32] <= (n_hash[32*k+:32] ^ (n_hash[32*k+:32] >> 13)) * SECOND;
          end
        end
    end else begin : no_noise
      assign m_noise = 40'sd0;
    end
  endgenerate

  // compare
  wire signed [39:0] m_u_wide = {{16{m_u[23]}}, m_u};
  wire signed [39:0] m_threshold_wide = {{16{m_threshold[23]}}, m_threshold};
  wire signed [39:0] m_limit = m_threshold_wide <<< m_place;
  wire signed [39:0] m_sum = m_u_wide + m_noise;
  wire signed [39:0] m_low = m_profile0[`PROFILE0_NEGATIVEATZERO] ? 40'sd0 : -m_limit;
  wire m_above = m_profile0[`PROFILE0_COMPARE] == `PROFILE0_COMPARE_GT ? m_sum > m_limit : m_sum >= m_limit;
  wire [1:0] m_negative = m_profile0[`PROFILE0_NEGATIVE];
  wire m_below = m_negative != `PROFILE0_NEGATIVE_NONE & m_sum < m_low & (m_negative == `PROFILE0_NEGATIVE_FREE | m_fired != 0);
  wire m_plus = m_updates & ~m_silent & m_above;
  wire m_minus = m_updates & ~m_silent & ~m_above & m_below;
  wire m_signed = m_profile1[`PROFILE1_PAYLOADSIGNED];
  wire [16:0] m_payloads = 17'd1 << ({1'b0, m_profile1[`PROFILE1_PAYLOADBITS]} + {4'd0, ~m_signed});
  wire signed [39:0] m_high = $signed({23'd0, m_payloads}) - 40'sd1;
  wire signed [39:0] m_bottom = m_signed ? -$signed({23'd0, m_payloads}) : 40'sd0;
  wire [23:0] m_value = m_u_wide > m_high ? m_high[23:0] : m_u_wide < m_bottom ? m_bottom[23:0] : m_u;
  wire [1:0] m_emit = m_profile0[`PROFILE0_EMIT];
  // A count is a quotient: threshold below 1 or a quotient beyond 16 bits gives the largest payload.
  wire m_counts = m_plus & m_emit == `PROFILE0_EMIT_COUNT;
  wire m_most = m_threshold[23] | m_threshold == 0 | (~m_u[23] & {16'd0, m_u} >= {m_threshold, 16'd0});

  // compare -> divide -> divide: eight bits of the quotient each.
  localparam KEEP = 152;
  reg d_valid;
  reg [ALONG-1:0] d_along;
  reg [KEEP-1:0] d_keep;
  reg [23:0] d_rest;
  reg e_valid;
  reg [ALONG-1:0] e_along;
  reg [KEEP-1:0] e_keep;
  reg [23:0] e_rest;
  reg [7:0] e_quotient;
  wire e_plus;
  wire e_minus;
  wire e_counts;
  wire e_most;
  wire [23:0] e_threshold;
  wire [15:0] e_high;
  wire [23:0] e_payload;
  wire [23:0] e_v;
  wire [23:0] e_u;
  wire [23:0] e_i;
  wire [7:0] e_fired;
  wire [3:0] e_place;
  wire d_counts = d_keep[KEEP-3];
  wire d_most = d_keep[KEEP-4];
  wire [23:0] d_threshold = d_keep[KEEP-5-:24];
  assign {e_minus, e_plus, e_counts, e_most, e_threshold, e_high, e_payload, e_v, e_u, e_i, e_fired, e_place} = e_keep;

  wire [7:0] d_quotient;
  wire [23:0] d_left;
  wire [7:0] e_low;
  generate
    if (`MESH_HAS_COUNT) begin : division
      wire [23:0] e_left;
      mesh_divide high (
          .active(d_valid & d_counts & ~d_most),
          .dividend(d_rest),
          .divisor({8'd0, d_threshold, 8'd0}),
          .quotient(d_quotient),
          .rest(d_left)
      );
      mesh_divide low (
          .active(e_valid & e_counts & ~e_most),
          .dividend(e_rest),
          .divisor({16'd0, e_threshold}),
          .quotient(e_low),
          .rest(e_left)
      );
    end else begin : no_division
      assign {d_quotient, d_left, e_low} = 0;
    end
  endgenerate
  wire [15:0] e_all = {e_quotient, e_low};
  wire [15:0] e_some = e_all == 0 ? 16'd1 : e_all;
  wire [15:0] e_number = e_most | e_some > e_high ? e_high : e_some;

  // reset
  reg x_valid;
  reg [ALONG-1:0] x_along;
  reg x_spikes;
  reg [23:0] x_payload;
  reg signed [39:0] x_amount;
  reg [23:0] x_v;
  reg [23:0] x_u;
  reg [23:0] x_i;
  reg [7:0] x_fired;
  wire [24:0] x_routes;
  wire [9:0] x_slot;
  wire [23:0] x_reset;
  wire [1:0] x_mode;
  wire [1:0] x_emit;
  wire x_output;
  wire x_reads_out;
  wire x_active;
  wire x_updates;
  assign {x_routes, x_slot, x_reset, x_mode, x_emit, x_output, x_reads_out, x_active, x_updates} = x_along;
  wire [23:0] e_reset = e_along[31:8];
  wire signed [39:0] e_reset_wide = {{16{e_reset[23]}}, e_reset};
  wire signed [39:0] e_times = e_counts ? $signed({24'd0, e_number}) : e_plus ? 40'sd1 <<< e_place : e_minus ? -(40'sd1 <<< e_place) : 40'sd0;
  wire signed [39:0] x_u_wide = {{16{x_u[23]}}, x_u};
  wire signed [39:0] x_less = x_u_wide - x_amount;
  wire [23:0] x_subtracted;
  mesh_saturate reset_in_range (
      .number(x_less),
      .saturated(x_subtracted)
  );
  wire [23:0] x_reset_v = x_mode == `PROFILE0_RESET_SUBTRACT ? x_subtracted : x_mode == `PROFILE0_RESET_SET ? x_reset : x_u;
  wire [23:0] x_next = ~x_updates ? x_v : x_spikes ? x_reset_v : x_u;
  wire [23:0] x_sent = x_output ? x_next : x_payload;

  assign write = go & x_valid & x_active;
  assign write_slot = x_slot;
  assign write_state = {x_fired, x_i, x_next};

  always @(posedge clk) begin
    if (rst) begin
      reading <= 1'b0;
      next <= 0;
      w_valid <= 1'b0;
      p_valid <= 1'b0;
      i_valid <= 1'b0;
      n_valid <= 1'b0;
      m_valid <= 1'b0;
      d_valid <= 1'b0;
      e_valid <= 1'b0;
      x_valid <= 1'b0;
      result <= 1'b0;
    end else begin
      if (start) begin
        reading <= 1'b1;
        next <= 0;
      end else if (read) next <= next + 1'b1;
      if (go) begin
        w_valid <= read;
        p_valid <= w_valid;
        i_valid <= p_valid;
        n_valid <= i_valid;
        m_valid <= n_valid;
        d_valid <= m_valid;
        e_valid <= d_valid;
        x_valid <= e_valid;
        result <= x_valid;
      end else if (take) result <= 1'b0;
    end
    if (read) w_slot <= next[9:0];
    if (go & w_valid) begin
      p_slot <= w_slot;
      p_used <= neuron0[`NEURON0_USED];
      p_routes <= {neuron0[`NEURON0_ROUTECOUNT], neuron0[`NEURON0_ROUTESTART]};
      p_threshold <= threshold;
      p_reset <= reset;
      p_bias <= bias;
      p_initial <= initial_v;
      p_state <= state;
    end
    if (go & p_valid) begin
      i_along <= p_along;
      i_profile0 <= profile0;
      i_profile1 <= profile1;
      i_with_bias <= ~profile0[`PROFILE0_BIASFIRST] | p_local == 0;
      i_silent <= p_local < p_silent;
      i_place <= profile0[`PROFILE0_EMIT] != `PROFILE0_EMIT_DIGIT ? 4'd0 : p_left > 16'd14 ? 4'd14 : p_left[3:0];
      i_v <= p_v;
      i_i <= p_i;
      i_fired <= p_fired;
      i_input <= accumulator;
      i_leaked <= p_leaked;
      i_decayed <= profile0[`PROFILE0_CURRENT] ? p_i_wide * $signed({27'd0, profile1[`PROFILE1_CURRENTDECAY]}) : 40'sd0;
      i_threshold <= p_threshold;
      i_bias <= p_bias;
    end
    if (go & i_valid) begin
      n_along <= i_along;
      n_hold <= {i_silent, i_place, i_v, i_u, i_profile0[`PROFILE0_CURRENT] & i_along[0] ? i_current : i_i, i_fired, i_threshold, i_profile0, i_profile1};
    end
    if (go & n_valid) begin
      m_along <= n_along;
      m_hold <= n_hold;
    end
    if (go & m_valid) begin
      d_along <= m_along;
      d_keep <= {
        m_minus,
        m_plus,
        m_counts,
        m_most,
        m_threshold,
        m_high[15:0],
        m_plus | m_minus ? (m_emit == `PROFILE0_EMIT_VALUE ? m_value : m_plus ? 24'd1 << m_place : 24'hffffff << m_place) : 24'd0,
        m_v,
        m_u,
        m_i,
        m_plus ? (m_fired == 8'd255 ? 8'd255 : m_fired + 8'd1)
          : m_minus & m_negative == `PROFILE0_NEGATIVE_COUNTED & m_fired != 0 ? m_fired - 8'd1 : m_fired,
        m_place
      };
      d_rest <= m_u[23] ? 24'd0 : m_u;
    end
    if (go & d_valid) begin
      e_along <= d_along;
      e_keep <= d_keep;
      e_quotient <= d_quotient;
      e_rest <= d_left;
    end
    if (go & e_valid) begin
      x_along <= e_along;
      x_spikes <= e_plus | e_minus;
      x_payload <= e_counts ? {8'd0, e_number} : e_payload;
      x_amount <= e_times * e_reset_wide;
      x_v <= e_v;
      x_u <= e_u;
      x_i <= e_i;
      x_fired <= e_fired;
    end
    if (go & x_valid) begin
      updated <= x_updates;
      is_output <= x_output;
      payload <= x_sent;
      sends <= x_output ? x_reads_out : x_updates & x_payload != 0;
      {route_count, route_start} <= x_routes;
    end
  end
endmodule
