`include "mesh_params.vh"
`include "mesh_words.vh"
// After reset: the start of every profile modulo the interval, by division, one bit a clock.
module mesh_phases (
    input wire clk,
    input wire rst,
    input wire start,
    input wire [15:0] interval,
    output wire busy,
    output wire read,
    output wire [5:0] index,
    input wire [15:0] profile_start,
    output wire write,
    output wire [15:0] phase
);
  localparam [6:0] PROFILES = `MESH_PROFILES;
  reg [6:0] at;
  reg [4:0] bit_left;
  reg [15:0] dividend;
  reg [15:0] rest;
  wire [16:0] shifted = {rest, dividend[15]};
  wire fits = shifted >= {1'b0, interval};
  wire [16:0] less = fits ? shifted - {1'b0, interval} : shifted;

  assign busy = at != PROFILES;
  assign index = at[5:0];
  // 18: read; 17: the word is there; 16 … 1: a bit each; 0: write.
  assign read = busy & bit_left == 18;
  assign write = busy & bit_left == 0;
  assign phase = rest;

  always @(posedge clk) begin
    if (rst) begin
      at <= PROFILES;
      bit_left <= 5'd18;
    end else if (start) begin
      at <= 0;
      bit_left <= 5'd18;
    end else if (busy) begin
      bit_left <= bit_left == 0 ? 5'd18 : bit_left - 5'd1;
      if (bit_left == 0) at <= at + 7'd1;
    end
    if (bit_left == 17) begin
      dividend <= profile_start;
      rest <= 0;
    end else begin
      dividend <= dividend << 1;
      if (bit_left != 0) rest <= less[15:0];
    end
  end
endmodule
