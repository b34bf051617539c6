// One bank of accumulators: every 2^n-th slot of the core. Bit 32 of a word says that the slot was touched.
module mesh_bank #(
    parameter ROWS = 5
) (
    input wire clk,
    // Low while nothing happens in any bank, and for one more clock.
    input wire active,
    // Adds a number: two clocks later it is in.
    input wire add,
    input wire [ROWS-1:0] add_row,
    input wire [31:0] value,
    input wire touches,
    // Reads a word, and clears it.
    input wire read,
    input wire clear,
    input wire [ROWS-1:0] row,
    output reg [32:0] data
);
  reg [32:0] memory[0:(1<<ROWS)-1];
  reg adding;
  reg [ROWS-1:0] at;
  reg [31:0] addend;
  reg touching;
  // What was written in the clock before: the word just read does not have it yet.
  reg wrote;
  reg [ROWS-1:0] wrote_at;
  reg [32:0] written;
  wire [32:0] old = wrote && wrote_at == at ? written : data;
  wire [32:0] sum = {old[32] | touching, old[31:0] + addend};

  always @(posedge clk)
    if (active) begin
      adding <= add;
      wrote <= adding;
      if (add) begin
        at <= add_row;
        addend <= value;
        touching <= touches;
      end
      if (adding) begin
        wrote_at <= at;
        written <= sum;
      end
      if (add | read) data <= memory[add?add_row : row];
      if (adding | clear) memory[adding?at : row] <= adding ? sum : 33'd0;
    end
endmodule
