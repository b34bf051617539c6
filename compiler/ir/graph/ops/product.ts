/*
 * The matrix product under conv, gemm and matmul: C[m][p] = bias[m] + sum over k of A[m][k] B[k][p].
 *
 * Both factors are packed into doubles: A into blocks of four rows, `a[(block * depth + k) * 4 + row]`,
 * B into panels of four columns, `b[k * 4 + column]`. The inner loop then keeps
 * sixteen sums in registers and reads memory in order, which is what plain
 * JavaScript does about a thousand million times a second. Sums are doubles, so that
 * the order of addition does not show in single precision results.
 */

export const blockRows = 4;
export const panelColumns = 4;

/** Packs `rows` rows of `depth` numbers, read through `read`, into blocks of four; rows that are missing are zero. */
export function packRows(rows: number, depth: number, read: (row: number, k: number) => number): Float64Array {
  const blocks = Math.ceil(rows / blockRows);
  const packed = new Float64Array(blocks * depth * blockRows);
  for (let row = 0; row < rows; row++) {
    const start = Math.floor(row / blockRows) * depth * blockRows + (row % blockRows);
    for (let k = 0; k < depth; k++) packed[start + k * blockRows] = read(row, k);
  }
  return packed;
}

/** What one panel adds up: sixteen sums, row by row. */
export function multiplyBlock(a: Float64Array, aStart: number, b: Float64Array, depth: number, sums: Float64Array): void {
  let s00 = 0,
    s01 = 0,
    s02 = 0,
    s03 = 0;
  let s10 = 0,
    s11 = 0,
    s12 = 0,
    s13 = 0;
  let s20 = 0,
    s21 = 0,
    s22 = 0,
    s23 = 0;
  let s30 = 0,
    s31 = 0,
    s32 = 0,
    s33 = 0;
  const end = depth * 4;
  for (let j = 0, i = aStart; j < end; j += 4, i += 4) {
    const b0 = b[j] as number,
      b1 = b[j + 1] as number,
      b2 = b[j + 2] as number,
      b3 = b[j + 3] as number;
    const a0 = a[i] as number;
    s00 += a0 * b0;
    s01 += a0 * b1;
    s02 += a0 * b2;
    s03 += a0 * b3;
    const a1 = a[i + 1] as number;
    s10 += a1 * b0;
    s11 += a1 * b1;
    s12 += a1 * b2;
    s13 += a1 * b3;
    const a2 = a[i + 2] as number;
    s20 += a2 * b0;
    s21 += a2 * b1;
    s22 += a2 * b2;
    s23 += a2 * b3;
    const a3 = a[i + 3] as number;
    s30 += a3 * b0;
    s31 += a3 * b1;
    s32 += a3 * b2;
    s33 += a3 * b3;
  }
  sums[0] = s00;
  sums[1] = s01;
  sums[2] = s02;
  sums[3] = s03;
  sums[4] = s10;
  sums[5] = s11;
  sums[6] = s12;
  sums[7] = s13;
  sums[8] = s20;
  sums[9] = s21;
  sums[10] = s22;
  sums[11] = s23;
  sums[12] = s30;
  sums[13] = s31;
  sums[14] = s32;
  sums[15] = s33;
}
