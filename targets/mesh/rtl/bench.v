`include "mesh_params.vh"
`include "mesh_words.vh"
// Runs the mesh in any simulator for Verilog that can read its standard input; commands and
// answers are those of harness.cpp.
module bench;
  localparam INPUT = 32'h80000000;

  reg clk;
  reg rst;
  reg wipe;
  reg load;
  reg load_chip;
  reg [4:0] load_x;
  reg [4:0] load_y;
  reg [2:0] load_memory;
  reg [2:0] load_word;
  reg [15:0] load_index;
  reg [31:0] load_data;
  reg look;
  wire [31:0] looked;
  reg peek;
  wire [88:0] peeked;
  reg go;
  wire quiet;
  wire begins;
  wire late;
  wire [47:0] cycle;
  reg in_valid;
  reg [`MESH_PACKET-1:0] in_packet;
  wire in_ready;
  wire out_valid;
  wire [`MESH_PACKET-1:0] out_packet;
  reg trace;

  mesh chip (
      .clk(clk),
      .rst(rst),
      .wipe(wipe),
      .load(load),
      .load_chip(load_chip),
      .load_x(load_x),
      .load_y(load_y),
      .load_memory(load_memory),
      .load_word(load_word),
      .load_index(load_index),
      .load_data(load_data),
      .look(look),
      .looked(looked),
      .peek(peek),
      .peeked(peeked),
      .go(go),
      .quiet(quiet),
      .begins(begins),
      .late(late),
      .cycle(cycle),
      .in_valid(in_valid),
      .in_packet(in_packet),
      .in_ready(in_ready),
      .out_valid(out_valid),
      .out_packet(out_packet),
      .trace(trace)
  );

  // Packets for the next step; the ring is as large as the packets of one step may be.
  reg [`MESH_PACKET-1:0] packets[0:65535];
  reg [15:0] first;
  reg [15:0] last;

  reg [7:0] op;
  reg [31:0] a;
  reg [31:0] b;
  reg [31:0] c;
  reg [31:0] d;
  reg [31:0] e;
  reg [31:0] f;
  reg running;
  reg accepted;
  reg began;
  reg [31:0] spent;
  reg [47:0] end_cycle;
  integer read;
  integer n;

  // One clock: the outputs of the next one are settled after it.
  task tick;
    begin
      #1 clk = 1;
      #1 clk = 0;
      #1;
    end
  endtask

  task run_step;
    begin
      running = 0;
      spent = 0;
      go = 1;
      trace = a[0];
      #1;
      while (!(running && quiet) && spent <= b) begin
        accepted = in_valid & in_ready;
        began = begins;
        if (accepted) begin
          if (trace) $write("h %0d %0d 0\n", cycle, packets[first] >> 24);
          first = first + 16'd1;
        end
        if (out_valid)
          $write("r %0d %0d %0d\n", cycle, {out_packet[`PACKET_MEMBER], out_packet[`PACKET_AXON]}, $signed(out_packet[`PACKET_PAYLOAD]));
        #1 clk = 1;
        #1;
        if (began) running = 1;
        in_valid = running & first != last;
        in_packet = packets[first];
        clk = 0;
        #1;
        spent = spent + 1;
      end
      if (spent > b) $write("! %0d\n", spent);
      end_cycle = cycle;
      go = 0;
      in_valid = 0;
      tick;
      $write("q %0d %0d\n", end_cycle, late);
    end
  endtask

  initial begin
    {clk, rst, wipe, load, load_chip, look, peek, go, in_valid, trace} = 0;
    {load_x, load_y, load_memory, load_word, load_index, load_data} = 0;
    in_packet = 0;
    first = 0;
    last = 0;
    read = $fscanf(INPUT, " %c", op);
    while (read == 1) begin
      case (op)
        "z": begin
          read = $fscanf(INPUT, "%h", a);
          rst = 1;
          wipe = a[0];
          tick;
          tick;
          rst = 0;
          first = last;
          #1;
          while (!quiet) tick;
          $write("z\n");
        end
        "c": begin
          read = $fscanf(INPUT, "%h %h", a, b);
          load = 1;
          load_chip = 1;
          load_index = a[15:0];
          load_data = b;
          tick;
          load = 0;
          load_chip = 0;
        end
        "w": begin
          read = $fscanf(INPUT, "%h %h %h %h %h %h", a, b, c, d, e, f);
          load = 1;
          load_x = a[4:0];
          load_y = b[4:0];
          load_memory = c[2:0];
          load_word = d[2:0];
          load_index = e[15:0];
          load_data = f;
          tick;
          load = 0;
        end
        "k": begin
          read = $fscanf(INPUT, "%h %h", a, b);
          packets[last] = {a[`PACKET_ROUTE], b[`PACKET_PAYLOAD]};
          last = last + 16'd1;
        end
        "s": begin
          read = $fscanf(INPUT, "%h %h", a, b);
          run_step;
        end
        "x": begin
          read = $fscanf(INPUT, "%h %h %h", a, b, c);
          load_x = a[4:0];
          load_y = b[4:0];
          peek = 1;
          for (n = 0; n < c; n = n + 1) begin
            load_index = n;
            tick;
            $write("v %0d %0d %0d %0d %0d\n", peeked[88], $signed(peeked[87:56]), peeked[55:48], $signed(peeked[47:24]), $signed(peeked[23:0]));
          end
          peek = 0;
          $write("x\n");
        end
        default: $write("? %c\n", op);
      endcase
      $fflush;
      read = $fscanf(INPUT, " %c", op);
    end
    $finish;
  end
endmodule
