`include "mesh_params.vh"
`include "mesh_words.vh"
// The chip behind the host port of ../README.md, section Pins: memories as spaces with an address for each word,
// written and read back; packets taken for the next step; steps one by one.
module mesh_chip #(
    // Packets of one step that there is room for, as a power of two.
    parameter HOST_BITS = 16
) (
    input wire clk,
    input wire rst_n,
    input wire wipe,
    input wire cfg_valid,
    output wire cfg_ready,
    input wire cfg_write,
    input wire [15:0] cfg_space,
    input wire [15:0] cfg_address,
    input wire [31:0] cfg_wdata,
    output reg cfg_rvalid,
    output reg [31:0] cfg_rdata,
    input wire in_valid,
    output wire in_ready,
    input wire [47:0] in_packet,
    input wire step_start,
    output wire idle,
    output wire late,
    output wire out_valid,
    output wire [47:0] out_packet,
    output wire [47:0] cycle
);
  localparam CORES = `MESH_COLUMNS * `MESH_ROWS;
  localparam [2:0] CLEAR = 0, IDLE = 1, RESTART = 2, START = 3, RUN = 4;
  reg [2:0] state;

  // Where the word of an address is. A space for each memory of a core, after that of the chip's registers.
  wire [15:0] space = cfg_space - 16'd1;
  wire registers = cfg_space == 16'd0;
  wire [2:0] memory = space[2:0];
  wire [15:0] core = {3'd0, space[15:3]};
  wire [15:0] column = core % `MESH_COLUMNS;
  wire [15:0] line = core / `MESH_COLUMNS;
  // A sixth of the address, in one multiplication; right for every number of 16 bits.
  wire [33:0] sixths = {18'd0, cfg_address} * 34'd43691;
  wire [15:0] sixth = sixths[33:18];
  wire [15:0] rest = cfg_address - {sixth[13:0], 2'd0} - {sixth[14:0], 1'd0};
  reg [16:0] size;
  reg [15:0] index;
  reg [2:0] word;

  always @* begin
    index = cfg_address;
    word = 0;
    case (memory)
      3'd0: size = 1;
      3'd1: begin
        size = 4 * `MESH_PROFILES;
        index = {2'd0, cfg_address[15:2]};
        word = {1'd0, cfg_address[1:0]};
      end
      3'd2: begin
        size = 6 * `MESH_NEURONS;
        index = sixth;
        word = rest[2:0];
      end
      3'd3: size = `MESH_ROUTES;
      3'd4: begin
        size = 2 * `MESH_AXONS;
        index = {1'd0, cfg_address[15:1]};
        word = {2'd0, cfg_address[0]};
      end
      3'd5: begin
        size = 2 * `MESH_SHAPES;
        index = {1'd0, cfg_address[15:1]};
        word = {2'd0, cfg_address[0]};
      end
      3'd6: size = `MESH_SYNAPSE_WORDS;
      default: size = 0;
    endcase
    if (core >= CORES) size = 0;
    if (registers) begin
      size = 3;
      index = cfg_address;
    end
  end
  wire held = {1'b0, cfg_address} < size;

  // One access at a time; what was read is there two clocks later.
  reg reading;
  wire access = cfg_valid & cfg_ready;
  wire write = access & cfg_write;
  wire read = access & ~cfg_write;
  wire [31:0] looked;
  assign idle = state == IDLE;
  assign cfg_ready = idle & ~reading;

  always @(posedge clk) begin
    reading <= read & rst_n;
    cfg_rvalid <= reading & rst_n;
    if (reading) cfg_rdata <= looked;
  end

  // Packets of the next step. They go from the first clock of the step on, one a clock.
  reg [HOST_BITS-1:0] first;
  reg [HOST_BITS-1:0] last;
  wire [HOST_BITS-1:0] behind = last + 1'b1;
  wire offers = state == RUN & first != last;
  wire room;
  wire [HOST_BITS-1:0] next = offers & room ? first + 1'b1 : first;
  wire [42:0] queued;
  wire [`MESH_PACKET-1:0] offered = {queued[42:16], {8{queued[15]}}, queued[15:0]};
  assign in_ready = idle & behind != first;

  mesh_ram #(
      .WIDTH(43),
      .BITS(HOST_BITS),
      .DEPTH(1 << HOST_BITS)
  ) queue (
      .clk(clk),
      .write(in_valid & in_ready),
      .write_address(last),
      .write_data({in_packet[`PACKET_ROUTE], in_packet[47:32]}),
      .read(1'b1),
      .read_address(next),
      .data(queued)
  );

  // Steps. After a write the state is cleared before the next one; the count of cycles goes on.
  reg changed;
  reg waits;
  reg [47:0] base;
  reg [47:0] reached;
  wire quiet;
  wire begins;
  wire [88:0] unused_state;
  wire [47:0] counted;
  wire [47:0] now = base + counted;
  assign cycle = state == RUN ? now : reached;

  always @(posedge clk)
    if (~rst_n) begin
      state <= CLEAR;
      changed <= 1'b0;
      waits <= 1'b0;
      base <= 0;
      reached <= 0;
      first <= 0;
      last <= 0;
    end else begin
      case (state)
        CLEAR: if (quiet) state <= waits ? START : IDLE;
        IDLE: begin
          waits <= step_start;
          if (step_start) state <= changed ? RESTART : START;
        end
        RESTART: begin
          state <= CLEAR;
          changed <= 1'b0;
          base <= reached;
        end
        START: if (begins) state <= RUN;
        default:
        if (quiet) begin
          state <= IDLE;
          reached <= now + {32'd0, `MESH_CYCLES_BARRIER};
        end
      endcase
      first <= next;
      if (in_valid & in_ready) last <= behind;
      if (write) begin
        changed <= 1'b1;
        last <= first;
      end
    end

  wire [`MESH_PACKET-1:0] leaving;
  assign out_packet = {{8{leaving[23]}}, leaving[`PACKET_PAYLOAD], leaving[`PACKET_MEMBER], leaving[`PACKET_AXON]};

  mesh chip (
      .clk(clk),
      .rst(~rst_n | state == RESTART),
      .wipe(wipe & ~rst_n),
      .load(write & held),
      .load_chip(registers),
      .load_x(column[4:0]),
      .load_y(line[4:0]),
      .load_memory(memory),
      .load_word(word),
      .load_index(index),
      .load_data(cfg_wdata),
      .look(read & held),
      .looked(looked),
      .peek(1'b0),
      .peeked(unused_state),
      .go(state == START),
      .quiet(quiet),
      .begins(begins),
      .late(late),
      .cycle(counted),
      .in_valid(offers),
      .in_packet(offered),
      .in_ready(room),
      .out_valid(out_valid),
      .out_packet(leaving)
`ifdef MESH_TRACE
      ,
      .trace(1'b0)
`endif
  );
endmodule
