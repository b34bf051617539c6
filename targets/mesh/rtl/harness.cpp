// Runs the mesh in Verilator. It reads commands from standard input and writes what the chip does to
// standard output, one line each, in the words of bench.v:
//
//   z WIPE                                reset; z when the chip is ready
//   c INDEX DATA                          loads a register
//   w X Y MEMORY WORD INDEX DATA          loads a word of a core
//   k ROUTE PAYLOAD                       a packet for the next step
//   s TRACE LIMIT                         a step of at most LIMIT cycles; q CYCLE LATE when it is over
//   x X Y COUNT                           the state of the first neurons; v TOUCHED SUM FIRED CURRENT POTENTIAL, then x
//
// All numbers of commands are hexadecimal, those of answers decimal.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>

#include "Vmesh.h"
#include "verilated.h"

namespace {

VerilatedContext context;
Vmesh* chip;
std::deque<uint64_t> packets;

int32_t narrow(uint32_t x, int bits) { return static_cast<int32_t>(x << (32 - bits)) >> (32 - bits); }

void settle() { chip->eval(); }

// One clock: from the low phase of one to the low phase of the next, inputs not yet settled.
void rise() {
  chip->clk = 1;
  chip->eval();
  chip->clk = 0;
}

void clocks(int n) {
  for (int i = 0; i < n; i++) {
    rise();
    settle();
  }
}

void reset(unsigned wipe) {
  chip->rst = 1;
  chip->wipe = wipe;
  settle();
  clocks(2);
  chip->rst = 0;
  settle();
  while (!chip->quiet) clocks(1);
  std::printf("z\n");
}

void write() {
  chip->load = 1;
  settle();
  clocks(1);
  chip->load = 0;
}

// The line that a packet for the host is for is its axon and, above it, its member.
void received(uint64_t packet) {
  unsigned route = packet >> 24;
  std::printf("r %llu %u %d\n", static_cast<unsigned long long>(chip->cycle), (route & 0xfff) | ((route >> 22 & 15) << 12),
              narrow(packet & 0xffffff, 24));
}

void step(unsigned trace, unsigned long limit) {
  bool running = false;
  unsigned long spent = 0;
  chip->go = 1;
  chip->trace = trace;
  settle();
  while (!(running && chip->quiet)) {
    bool accepted = chip->in_valid && chip->in_ready;
    bool begins = chip->begins;
    if (accepted) {
      uint64_t route = packets.front() >> 24;
      if (trace) std::printf("h %llu %llu 0\n", static_cast<unsigned long long>(chip->cycle), static_cast<unsigned long long>(route));
      packets.pop_front();
    }
    if (chip->out_valid) received(chip->out_packet);
    rise();
    if (begins) running = true;
    chip->in_valid = running && !packets.empty();
    if (chip->in_valid) chip->in_packet = packets.front();
    settle();
    if (++spent > limit) {
      std::printf("! %lu\n", spent);
      break;
    }
  }
  unsigned long long cycle = chip->cycle;
  // What happened in the last clock is told one clock later.
  chip->go = 0;
  chip->in_valid = 0;
  settle();
  clocks(1);
  std::printf("q %llu %u\n", cycle, static_cast<unsigned>(chip->late));
}

void show(unsigned x, unsigned y, unsigned count) {
  chip->load_x = x;
  chip->load_y = y;
  chip->peek = 1;
  for (unsigned n = 0; n < count; n++) {
    chip->load_index = n;
    settle();
    clocks(1);
    uint32_t low = chip->peeked[0], middle = chip->peeked[1], high = chip->peeked[2];
    uint32_t current = (low >> 24) | (middle << 8);
    uint32_t sum = (middle >> 24) | (high << 8);
    std::printf("v %u %d %u %d %d\n", high >> 24 & 1, static_cast<int32_t>(sum), middle >> 16 & 255, narrow(current & 0xffffff, 24),
                narrow(low & 0xffffff, 24));
  }
  chip->peek = 0;
  std::printf("x\n");
}

}  // namespace

int main() {
  chip = new Vmesh(&context);
  char line[256];
  while (std::fgets(line, sizeof line, stdin) != nullptr) {
    unsigned n[6] = {0, 0, 0, 0, 0, 0};
    std::sscanf(line + 1, "%x %x %x %x %x %x", n, n + 1, n + 2, n + 3, n + 4, n + 5);
    bool answers = true;
    switch (line[0]) {
      case 'z':
        reset(n[0]);
        packets.clear();
        break;
      case 'c':
        chip->load_chip = 1;
        chip->load_index = n[0];
        chip->load_data = n[1];
        write();
        chip->load_chip = 0;
        answers = false;
        break;
      case 'w':
        chip->load_x = n[0];
        chip->load_y = n[1];
        chip->load_memory = n[2];
        chip->load_word = n[3];
        chip->load_index = n[4];
        chip->load_data = n[5];
        write();
        answers = false;
        break;
      case 'k':
        packets.push_back((static_cast<uint64_t>(n[0]) << 24) | n[1]);
        answers = false;
        break;
      case 's':
        step(n[0], n[1]);
        break;
      case 'x':
        show(n[0], n[1], n[2]);
        break;
      default:
        std::printf("? %s", line);
    }
    if (answers) std::fflush(stdout);
  }
  chip->final();
  return 0;
}
