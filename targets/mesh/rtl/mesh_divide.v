// Eight steps of a division: quotient and rest.
module mesh_divide (
    input wire active,
    input wire [23:0] dividend,
    input wire [39:0] divisor,
    output reg [7:0] quotient,
    output wire [23:0] rest
);
  reg [39:0] left;
  reg [39:0] part;
  integer k;
  assign rest = left[23:0];

  always @* begin
    left = {16'd0, dividend};
    quotient = 0;
    part = 0;
    k = 0;
    if (active)
      for (k = 7; k >= 0; k = k - 1) begin
        part = divisor << k;
        if (left >= part) begin
          left = left - part;
          quotient[k] = 1'b1;
        end
      end
  end
endmodule
