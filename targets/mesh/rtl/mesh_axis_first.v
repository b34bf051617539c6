// Along one axis of a convolution an event at `place` reaches tap k where place - k * dilation is a multiple of
// the stride. Those k are an arithmetic progression: this gives its first member, the output that it
// reaches, and by how much tap and output change from one member to the next.
module mesh_axis_first (
    input wire active,
    input wire signed [9:0] place,
    input wire [3:0] stride,
    input wire [3:0] dilation,
    output reg found,
    output reg [3:0] tap,
    output reg signed [10:0] out,
    output reg [3:0] tap_step,
    output reg [3:0] out_step
);
  wire [3:0] divisor = stride == 0 ? 4'd1 : stride;
  reg [8:0] quotient;
  reg [3:0] remainder;
  reg [3:0] step_quotient;
  reg [3:0] step_remainder;
  // Of k * dilation, for the k at work.
  reg [7:0] multiple;
  reg [3:0] residue;
  reg [4:0] sum;
  reg wrapped;
  reg periodic;
  integer k;

  always @* begin
    found = 1'b0;
    tap = 0;
    out = 0;
    tap_step = 0;
    out_step = 0;
    quotient = 0;
    remainder = 0;
    step_quotient = 0;
    step_remainder = 0;
    multiple = 0;
    residue = 0;
    sum = 0;
    wrapped = 1'b0;
    periodic = 1'b0;
    k = 0;
    if (active) begin
      quotient = place[8:0] / {5'd0, divisor};
      remainder = place[3:0] - quotient[3:0] * divisor;
      step_quotient = dilation / divisor;
      step_remainder = dilation - step_quotient * divisor;
      for (k = 0; k < 16; k = k + 1) begin
        if (!periodic && k != 0) begin
          sum = {1'b0, residue} + {1'b0, step_remainder};
          wrapped = sum >= {1'b0, divisor};
          residue = wrapped ? sum[3:0] - divisor : sum[3:0];
          multiple = multiple + {4'd0, step_quotient} + {7'd0, wrapped};
          if (residue == 0) begin
            periodic = 1'b1;
            tap_step = k[3:0];
            out_step = multiple[3:0];
          end
        end
        if (!periodic && !found && !place[9] && residue == remainder) begin
          found = 1'b1;
          tap = k[3:0];
          out = $signed({2'b00, quotient}) - $signed({3'b000, multiple});
        end
      end
    end
  end
endmodule
