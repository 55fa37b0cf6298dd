/**
 * The two inner loops of a dump, sixteen bytes at a step: escaping text and writing hexadecimal digits. A loop in
 * JavaScript over single bytes takes five to ten times as long, and that was half of a dump's own work.
 *
 * The WebAssembly module is put together here from named instructions, so that it can be read and changed without any
 * tool. Where WebAssembly or its vector instructions are missing (`--jitless`, old processors) `sqlKernel` is undefined
 * and plain loops do the same.
 */
export interface SqlKernel {
  /** Longest input of one call, in bytes. */
  readonly maxBytes: number;
  /** Writes `value` with the five escapes into `block` and gives the position behind it. */
  escape(block: Buffer, at: number, value: Uint8Array): number;
  /** Writes the hexadecimal digits of `value` into `block` and gives the position behind them. */
  hex(block: Buffer, at: number, value: Uint8Array): number;
}

const MAX_BYTES = 64 * 1024;
/** Escape pairs by byte, then the digits, then a step's worth of slack behind input and output. */
const DIGITS = 512;
const INPUT = 1024;
const OUTPUT = INPUT + MAX_BYTES + 64;
const MEMORY_PAGES = Math.ceil((OUTPUT + 2 * MAX_BYTES + 64) / 65_536);
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\', "'": "'", '"': '"', '\n': 'n', '\r': 'r' };

/** The part of the global `WebAssembly` that is used; its types come with those of browsers only. */
interface Engine {
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object) => {
    readonly exports: {
      readonly memory: { readonly buffer: ArrayBuffer };
      readonly escape: (bytes: number) => number;
      readonly hex: (bytes: number) => number;
    };
  };
}

function createKernel(): SqlKernel | undefined {
  const engine = (globalThis as { readonly WebAssembly?: Engine }).WebAssembly;
  if (engine === undefined) return undefined;
  try {
    const { memory, escape, hex } = new engine.Instance(new engine.Module(moduleBytes())).exports;
    const all = new Uint8Array(memory.buffer);
    const input = all.subarray(INPUT, INPUT + MAX_BYTES);
    for (const [sign, escaped] of Object.entries(ESCAPES)) {
      all[2 * sign.charCodeAt(0)] = 0x5c;
      all[2 * sign.charCodeAt(0) + 1] = escaped.charCodeAt(0);
    }
    all.set(Buffer.from('0123456789abcdef'), DIGITS);
    const through = (run: (bytes: number) => number) => (block: Buffer, at: number, value: Uint8Array) => {
      input.set(value);
      const length = run(value.length);
      block.set(all.subarray(OUTPUT, OUTPUT + length), at);
      return at + length;
    };
    return { maxBytes: MAX_BYTES, escape: through(escape), hex: through(hex) };
  } catch {
    return undefined;
  }
}

// Instructions, by the names of the WebAssembly text format.
const i32Const = (value: number): number[] => [0x41, ...signed(value)];
const get = (local: number): number[] => [0x20, local];
const set = (local: number): number[] => [0x21, local];
const add = [0x6a];
const vector = (code: number, ...rest: readonly number[]): number[] => [0xfd, ...unsigned(code), ...rest];
const load = vector(0x00, 0, 0);
const store = (offset = 0): number[] => vector(0x0b, 0, offset);
const splat = (byte: number): number[] => [...i32Const(byte), ...vector(0x0f)];
const equal = vector(0x23);
const or = vector(0x50);
const shuffle = (lanes: readonly number[]): number[] => vector(0x0d, ...lanes);
const swizzle = vector(0x0e);
const blockStart = [0x02, 0x40];
const loopStart = [0x03, 0x40];
const end = [0x0b];
const branch = (depth: number): number[] => [0x0c, depth];
const branchIf = (depth: number): number[] => [0x0d, depth];
const greaterOrEqual = [0x4f];

function escapeCode(): number[] {
  const [limit, source, target, found, bytes] = [0, 1, 2, 3, 4] as const;
  const matches = Object.keys(ESCAPES).flatMap((sign, i) => [
    ...get(bytes),
    ...splat(sign.charCodeAt(0)),
    ...equal,
    ...(i === 0 ? [] : or),
  ]);
  return [
    ...[...i32Const(INPUT), ...set(source)],
    ...[...i32Const(OUTPUT), ...set(target)],
    ...[...get(limit), ...i32Const(INPUT), ...add, ...set(limit)],
    ...blockStart,
    ...loopStart,
    ...[...get(source), ...get(limit), ...greaterOrEqual, ...branchIf(1)],
    // All sixteen bytes are written; those from the first that needs an escape on will be overwritten.
    ...[...get(source), ...load, ...set(bytes)],
    ...[...get(target), ...get(bytes), ...store()],
    // found = how many bytes stand before the first that needs an escape; 16 if none does
    ...[...matches, ...vector(0x64), ...i32Const(0x10000), 0x72, 0x68, ...set(found)],
    ...[...get(source), ...get(found), ...add, ...set(source)],
    ...[...get(target), ...get(found), ...add, ...set(target)],
    ...[...get(found), ...i32Const(16), 0x46, ...branchIf(0)],
    // It may lie behind the end of the input.
    ...[...get(source), ...get(limit), ...greaterOrEqual, ...branchIf(1)],
    ...[...get(target), ...get(source), 0x2d, 0, 0, ...i32Const(1), 0x74, 0x2f, 0, 0, 0x3b, 0, 0],
    ...[...get(source), ...i32Const(1), ...add, ...set(source)],
    ...[...get(target), ...i32Const(2), ...add, ...set(target)],
    ...[...branch(0), ...end, ...end],
    // target - (source - limit) - OUTPUT
    ...[...get(target), ...get(source), ...get(limit), 0x6b, 0x6b, ...i32Const(OUTPUT), 0x6b],
  ];
}

function hexCode(): number[] {
  const [limit, source, target, , bytes, digits] = [0, 1, 2, 3, 4, 5] as const;
  const high = [...get(digits), ...get(bytes), ...i32Const(4), ...vector(0x6d), ...swizzle];
  const low = [...get(digits), ...get(bytes), ...splat(15), ...vector(0x4e), ...swizzle];
  const interleave = (first: number): number[] =>
    shuffle(Array.from({ length: 16 }, (_, i) => first + (i >> 1) + (i & 1) * 16));
  return [
    ...[...i32Const(INPUT), ...set(source)],
    ...[...i32Const(OUTPUT), ...set(target)],
    ...[...get(limit), ...i32Const(INPUT), ...add, ...set(limit)],
    ...[...i32Const(DIGITS), ...load, ...set(digits)],
    ...blockStart,
    ...loopStart,
    ...[...get(source), ...get(limit), ...greaterOrEqual, ...branchIf(1)],
    ...[...get(source), ...load, ...set(bytes)],
    ...[...get(target), ...high, ...low, ...interleave(0), ...store()],
    ...[...get(target), ...high, ...low, ...interleave(8), ...store(16)],
    ...[...get(source), ...i32Const(16), ...add, ...set(source)],
    ...[...get(target), ...i32Const(32), ...add, ...set(target)],
    ...[...branch(0), ...end, ...end],
    // 2 * (limit - INPUT)
    ...[...get(limit), ...i32Const(INPUT), 0x6b, ...i32Const(1), 0x74],
  ];
}

/** The binary format: types, functions, memory, exports, code. */
function moduleBytes(): Uint8Array {
  const i32 = 0x7f;
  const v128 = 0x7b;
  const locals = [2, 3, i32, 2, v128];
  const body = (code: readonly number[]): number[] => sized([...locals, ...code, ...end]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 1, i32, 1, i32]),
    ...section(3, [2, 0, 0]),
    ...section(5, [1, 1, MEMORY_PAGES, MEMORY_PAGES]),
    ...section(7, [3, ...exported('escape', 0, 0), ...exported('hex', 0, 1), ...exported('memory', 2, 0)]),
    ...section(10, [2, ...body(escapeCode()), ...body(hexCode())]),
  ]);
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...sized(content)];
}

function exported(name: string, kind: number, index: number): number[] {
  return [...sized(Array.from(Buffer.from(name))), kind, index];
}

function sized(content: readonly number[]): number[] {
  return [...unsigned(content.length), ...content];
}

function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: number): number[] {
  return value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signed(value >>> 7)];
}

/** `undefined` where the machine lacks what it takes. At the end, because it needs all the constants above. */
export const sqlKernel: SqlKernel | undefined = createKernel();
