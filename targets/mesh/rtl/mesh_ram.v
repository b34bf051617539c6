// A memory with one write port and one read port. A read takes one clock; a read of the word
// that is being written gives what it was before.
module mesh_ram #(
    parameter WIDTH = 32,
    parameter BITS = 6,
    parameter DEPTH = 64
) (
    input wire clk,
    input wire write,
    input wire [BITS-1:0] write_address,
    input wire [WIDTH-1:0] write_data,
    input wire read,
    input wire [BITS-1:0] read_address,
    output reg [WIDTH-1:0] data
);
  reg [WIDTH-1:0] memory[0:DEPTH-1];

  always @(posedge clk) begin
    if (write) memory[write_address] <= write_data;
    if (read) data <= memory[read_address];
  end
endmodule
