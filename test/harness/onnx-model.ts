import { create, toBinary } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  type FunctionProto,
  FunctionProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  TensorProto_DataType as Kind,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";

/* Small ONNX models made in memory, for tests. */

/** The fields of a message that a test sets. */
export type Parts<T> = Omit<Partial<T>, "$typeName" | "$unknown">;
type AttributeInit = Omit<Parts<AttributeProto>, "name">;
export const int = (i: number): AttributeInit => ({ type: AttributeType.INT, i: BigInt(i) });
export const float = (f: number): AttributeInit => ({ type: AttributeType.FLOAT, f });
export const ints = (...list: number[]): AttributeInit => ({ type: AttributeType.INTS, ints: list.map(BigInt) });
export const floats = (...list: number[]): AttributeInit => ({ type: AttributeType.FLOATS, floats: list });
export const text = (s: string): AttributeInit => ({ type: AttributeType.STRING, s: new TextEncoder().encode(s) });
export const tensor = (t: TensorProto): AttributeInit => ({ type: AttributeType.TENSOR, t });
export const branch = (g: GraphProto): AttributeInit => ({ type: AttributeType.GRAPH, g });
/** An attribute that stands for one of the function's call. */
export const parameter = (refAttrName: string, type: AttributeType): AttributeInit => ({ type, refAttrName });

export type Attributes = Readonly<Record<string, AttributeInit>>;

/** `node("Conv", "x w b", "y")`: names are separated by blanks, `-` leaves an input out. */
export function node(opType: string, inputs: string, outputs: string, attributes: Attributes = {}, over: Parts<NodeProto> = {}): NodeProto {
  const names = (list: string): string[] => (list === "" ? [] : list.split(" ").map((n) => (n === "-" ? "" : n)));
  const attribute = Object.entries(attributes).map(([name, a]) => create(AttributeProtoSchema, { ...a, name }));
  return create(NodeProtoSchema, { opType, input: names(inputs), output: names(outputs), attribute, name: "", domain: "", ...over });
}

/** An input or output; a size that is a word is symbolic. */
export function value(name: string, shape: readonly (number | string)[], kind: number = Kind.FLOAT): ValueInfoProto {
  const dim = shape.map((d) => ({
    value: typeof d === "number" ? ({ case: "dimValue", value: BigInt(d) } as const) : ({ case: "dimParam", value: d } as const),
  }));
  return create(ValueInfoProtoSchema, { name, type: { value: { case: "tensorType", value: { elemType: kind, shape: { dim } } } } });
}

/** A float32 tensor in raw data. */
export function real(name: string, shape: readonly number[], numbers: readonly number[]): TensorProto {
  return raw(name, shape, Kind.FLOAT, new Uint8Array(Float32Array.from(numbers).buffer));
}

/** An int64 tensor in its typed field. */
export function whole(name: string, shape: readonly number[], numbers: readonly number[]): TensorProto {
  return create(TensorProtoSchema, { name, dims: shape.map(BigInt), dataType: Kind.INT64, int64Data: numbers.map(BigInt) });
}

export function raw(name: string, shape: readonly number[], dataType: number, bytes: Uint8Array): TensorProto {
  return create(TensorProtoSchema, { name, dims: shape.map(BigInt), dataType, rawData: bytes as Uint8Array<ArrayBuffer> });
}

export function graph(over: Parts<GraphProto>): GraphProto {
  return create(GraphProtoSchema, { name: "g", ...over });
}

export function localFunction(over: Parts<FunctionProto>): FunctionProto {
  return create(FunctionProtoSchema, over);
}

export type ModelOptions = {
  readonly opset?: number;
  readonly domains?: Readonly<Record<string, number>>;
  readonly functions?: FunctionProto[];
  readonly irVersion?: number;
};

/** The bytes of a model. */
export function model(
  parts: Parts<GraphProto>,
  { opset = 13, domains = {}, functions = [], irVersion = 8 }: ModelOptions = {},
): Uint8Array {
  const opsetImport = Object.entries({ "": opset, ...domains }).map(([domain, version]) => ({ domain, version: BigInt(version) }));
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, { irVersion: BigInt(irVersion), opsetImport, functions, graph: graph(parts) }),
  );
}

/** A model of one node with input `x` and output `y`; other inputs are initializers. */
export function single(
  n: NodeProto,
  shape: readonly (number | string)[],
  initializer: TensorProto[] = [],
  options: ModelOptions = {},
): Uint8Array {
  return model({ node: [n], input: [value("x", shape)], output: [value("y", [])], initializer }, options);
}
