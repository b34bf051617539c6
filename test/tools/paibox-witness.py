"""A network of whole numbers in PAIBox: its spikes, and its configuration frames.

Reads JSON on standard input: layers [{weights [in][out], threshold, reset ("subtract" or a number)}],
inputs [step][in]; prints {"spikes": [layer][step][neuron]} and writes config_all.bin into the
folder that is its argument.
"""

import json
import sys

import numpy as np
import paibox as pb

given = json.load(sys.stdin)


class Net(pb.Network):
    def __init__(self):
        super().__init__()
        before = self.inp = pb.InputProj(input=None, shape_out=(len(given["inputs"][0]),))
        self.probes = []
        for i, layer in enumerate(given["layers"]):
            weights = np.array(layer["weights"], dtype=np.int8)
            reset = None if layer["reset"] == "subtract" else layer["reset"]
            neuron = pb.IF((weights.shape[1],), threshold=layer["threshold"], reset_v=reset, tick_wait_start=i + 1)
            setattr(self, f"n{i}", neuron)
            setattr(self, f"s{i}", pb.FullConn(before, neuron, weights=weights, conn_type=pb.SynConnType.All2All))
            probe = pb.Probe(neuron, "spike")
            setattr(self, f"p{i}", probe)
            self.probes.append(probe)
            before = neuron


net = Net()
sim = pb.Simulator(net)
for step in given["inputs"]:
    net.inp.input = np.array(step, dtype=np.uint8)
    sim.run(1)
spikes = [np.array(sim.data[p]).astype(int).tolist() for p in net.probes]
mapper = pb.Mapper()
mapper.build(net)
mapper.compile()
mapper.export(fp=sys.argv[1], format="bin", split_by_chip=False)
print("\n" + json.dumps({"spikes": spikes}))
