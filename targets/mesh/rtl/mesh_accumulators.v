`include "mesh_params.vh"
`include "mesh_words.vh"
// Adds the weights of one word a clock. Lane l of the word belongs to slot + l; slots lie in banks, so that
// all lanes of a word reach different banks.
module mesh_accumulators (
    input wire clk,
    input wire rst,
    input wire valid,
    input wire [31:0] word,
    input wire sparse,
    // Width of a weight less one, and how many weights of the word count.
    input wire [3:0] bits,
    input wire [5:0] count,
    input wire [9:0] slot,
    input wire [31:0] payload,
    output wire adding,
    // One slot is read, and cleared.
    input wire read,
    input wire clear,
    input wire [9:0] read_slot,
    // All banks are cleared at one row.
    input wire sweep,
    input wire [15:0] sweep_row,
    output wire [31:0] accumulator,
    output wire touched
);
  localparam LANES = `MESH_LANES;
  localparam LANE = `MESH_LANE_BITS;
  localparam ROW = `MESH_SLOT_BITS - LANE;

  wire [31:0] weights = sparse ? {16'd0, word[`ENTRY_WEIGHT]} : word;
  wire [3:0] width = sparse ? 4'd15 : bits;
  wire [`MESH_SLOT_BITS-1:0] first = sparse ? word[`ENTRY_SLOT_INDEX] : slot[`MESH_SLOT_BITS-1:0];

  reg multiplied;
  reg last;
  reg after;
  wire active = multiplied | last | after | read | clear | sweep;
  reg [`MESH_SLOT_BITS-1:0] base;
  wire [32*LANES-1:0] products;
  wire [LANES-1:0] non_zero;
  wire [LANES-1:0] present;
  wire [32*LANES-1:0] sums;
  wire [LANES-1:0] touches;
  assign adding = multiplied | last;

  genvar l;
  generate
    for (l = 0; l < LANES; l = l + 1) begin : lanes
      // The widest weight that has a lane l.
      localparam W = l < 2 ? 16 : 32 / (l + 1);
      reg signed [31:0] weight;
      reg [31:0] product;
      reg some;
      reg here;
      integer b;
      assign products[32*l+:32] = product;
      assign non_zero[l] = some;
      assign present[l] = here;

      always @* begin
        weight = 0;
        b = 0;
        if (valid)
          if (count > l) begin
            for (b = 1; b <= W; b = b + 1) if (width == b[3:0] - 4'd1) weight = $signed((weights >> (l * b)) << (32 - b)) >>> (32 - b);
            if (width == 0) weight = weight[0] ? -32'sd1 : 32'sd1;
          end
      end

      always @(posedge clk)
        if (valid) begin
          here <= count > l;
          some <= weight != 0;
          product <= payload * weight;
        end
    end

    for (l = 0; l < LANES; l = l + 1) begin : banks
      localparam [LANE-1:0] BANK = l;
      // The lane whose slot lies in this bank, and its row.
      wire [LANE-1:0] lane = BANK - base[LANE-1:0];
      wire [`MESH_SLOT_BITS-1:0] place = base + {{ROW{1'b0}}, lane};
      wire mine = read_slot[LANE-1:0] == BANK;
      mesh_bank #(
          .ROWS(ROW)
      ) bank (
          .clk(clk),
          .active(active),
          .add(multiplied & present[lane]),
          .add_row(place[`MESH_SLOT_BITS-1:LANE]),
          .value(products[32*lane+:32]),
          .touches(non_zero[lane]),
          .read(read & mine),
          .clear(sweep | (clear & mine)),
          .row(sweep ? sweep_row[ROW-1:0] : read_slot[`MESH_SLOT_BITS-1:LANE]),
          .data({touches[l], sums[32*l+:32]})
      );
    end
  endgenerate

  reg [LANE-1:0] chosen;
  assign accumulator = sums[32*chosen+:32];
  assign touched = touches[chosen];

  always @(posedge clk) begin
    multiplied <= valid & ~rst;
    last <= multiplied & ~rst;
    after <= last;
    if (valid) base <= first;
    if (read) chosen <= read_slot[LANE-1:0];
  end
endmodule
