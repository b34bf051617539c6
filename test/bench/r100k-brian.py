"""The network of r100k in Brian2: prints steps a second, and steps a second of processor time. Run by r100k.ts."""
import time

import numpy as np
from brian2 import Network, NeuronGroup, SpikeMonitor, Synapses, defaultclock, ms, prefs

prefs.codegen.target = "cython"
count, fan_out = 100_000, 32
draw = np.random.default_rng(20261121)
defaultclock.dt = 1 * ms
group = NeuronGroup(count, "dv/dt = -v / (16*ms) : 1\nhot : 1", threshold="hot > 0.5", reset="v = 0", method="exact")
hot = np.zeros(count)
hot[draw.choice(count, count // 10, replace=False)] = 1
group.hot = hot
synapses = Synapses(group, group, "w : 1", on_pre="v_post += w")
synapses.connect(i=np.repeat(np.arange(count), fan_out), j=draw.integers(0, count, count * fan_out))
synapses.w = draw.integers(-8, 9, count * fan_out)
network = Network(group, synapses)
network.run(20 * ms)
rates, cpu = [], []
for _ in range(5):
    start, used = time.perf_counter(), time.process_time()
    network.run(60 * ms)
    rates.append(60 / (time.perf_counter() - start))
    cpu.append(60 / (time.process_time() - used))
# All of it runs as compiled code, and the tenth fires in every step.
kinds = {type(o.codeobj).__name__ for o in network.sorted_objects if getattr(o, "codeobj", None) is not None}
assert kinds == {"CythonCodeObject"}, kinds
monitor = SpikeMonitor(group, record=False)
network.add(monitor)
network.run(10 * ms)
assert monitor.num_spikes == 10 * (count // 10), monitor.num_spikes
print(sorted(rates)[2], sorted(cpu)[2])
