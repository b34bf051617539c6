// A number as 24 bits, the nearest of them where it does not fit.
module mesh_saturate (
    input wire signed [39:0] number,
    output wire [23:0] saturated
);
  localparam signed [39:0] MAX = 40'sd8388607;
  localparam signed [39:0] MIN = -40'sd8388608;
  assign saturated = number > MAX ? MAX[23:0] : number < MIN ? MIN[23:0] : number[23:0];
endmodule
