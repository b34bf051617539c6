`include "mesh_params.vh"
// The synapse memory: even and odd words apart, so that two words beginning anywhere can be read at once.
// Headers and words share the port; a header stays readable while words are read after it.
module mesh_synapses (
    input wire clk,
    input wire write,
    input wire [15:0] write_address,
    input wire [31:0] write_data,
    input wire header_read,
    input wire [15:0] header_address,
    output wire [31:0] header0,
    output wire [31:0] header1,
    input wire word_read,
    input wire [15:0] word_address,
    output wire [31:0] word
);
  localparam BITS = `MESH_SYNAPSE_BITS;
  wire [15:0] address = word_read ? word_address : header_address;
  wire [15:0] following = address + 16'd1;
  wire [31:0] even;
  wire [31:0] odd;
  reg at_odd;
  reg fresh;
  reg [63:0] held;
  wire [63:0] pair = at_odd ? {even, odd} : {odd, even};

  assign word = pair[31:0];
  assign {header1, header0} = fresh ? pair : held;

  mesh_ram #(
      .WIDTH(32),
      .BITS(BITS - 1),
      .DEPTH(1 << (BITS - 1))
  ) evens (
      .clk(clk),
      .write(write & ~write_address[0]),
      .write_address(write_address[BITS-1:1]),
      .write_data(write_data),
      .read(word_read | header_read),
      .read_address(following[BITS-1:1]),
      .data(even)
  );

  mesh_ram #(
      .WIDTH(32),
      .BITS(BITS - 1),
      .DEPTH(1 << (BITS - 1))
  ) odds (
      .clk(clk),
      .write(write & write_address[0]),
      .write_address(write_address[BITS-1:1]),
      .write_data(write_data),
      .read(word_read | header_read),
      .read_address(address[BITS-1:1]),
      .data(odd)
  );

  always @(posedge clk) begin
    fresh <= header_read;
    if (word_read | header_read) at_odd <= address[0];
    if (fresh) held <= pair;
  end
endmodule
