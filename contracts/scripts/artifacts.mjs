// The one way from Solidity to what is committed: artifacts/NAME.json and, in snapshots/, sizes.json, storage.json and
// opcodes.json: what each artifact asks of the chain beyond Paris, for a chain that is not known to have it.
//   node scripts/artifacts.mjs export   compile afresh and write them
//   node scripts/artifacts.mjs check    compile afresh into a temporary folder and compare
// The names stand in artifacts.txt. A name that occurs in two files is written File.sol:Name there.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const CODE_LIMIT = 24_576; // EIP-170, bytes
// Opcodes that came after Paris (Shanghai, Cancun). No other stands between 0x00 and 0x5f that solc 0.8.30 could emit.
const ABOVE_PARIS = new Map([[0x49, 'BLOBHASH'], [0x4a, 'BLOBBASEFEE'], [0x5c, 'TLOAD'], [0x5d, 'TSTORE'], [0x5e, 'MCOPY'], [0x5f, 'PUSH0']]);
const ENDS = new Set([0x00, 0x56, 0xf3, 0xfd, 0xfe, 0xff]); // STOP, JUMP, RETURN, REVERT, INVALID, SELFDESTRUCT
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const command = process.argv[2];
if (!['export', 'check'].includes(command)) fail('usage: node scripts/artifacts.mjs export|check', 2);

const names = fs.readFileSync(path.join(root, 'artifacts.txt'), 'utf8').split('\n').map((line) => line.trim()).filter((line) => line && !line.startsWith('#'));
const tmp = fs.mkdtempSync(path.join(os.tmpdir(), 'omnibus-artifacts-'));
let code = 0;
try {
  const out = path.join(tmp, 'out');
  if (names.length > 0) compile(out);
  const made = make(out);
  code = command === 'export' ? write(made) : compare(made);
} catch (error) {
  console.error(error.message);
  code = 1;
} finally {
  fs.rmSync(tmp, { recursive: true, force: true });
}
process.exit(code);

function fail(message, status = 1) {
  console.error(message);
  process.exit(status);
}

function compile(out) {
  const scope = path.join(root, 'node_modules/@foundry-rs');
  const forge = fs.existsSync(scope) && fs.readdirSync(scope).map((d) => path.join(scope, d, 'bin/forge')).find((f) => fs.existsSync(f));
  if (!forge) throw new Error('forge is not installed: run scripts/setup');
  const run = spawnSync(forge, ['build', 'src', '--force', '--ast', '--extra-output', 'storageLayout'], {
    cwd: root, encoding: 'utf8', maxBuffer: 1 << 28,
    env: { ...process.env, FOUNDRY_PROFILE: 'default', FOUNDRY_OUT: out, FOUNDRY_CACHE_PATH: path.join(tmp, 'cache') },
  });
  if (run.status !== 0) throw new Error(`forge build failed:\n${run.stdout}${run.stderr}`);
}

/** Everything that is committed, as a map from path to text. */
function make(out) {
  const files = new Map(), sizes = {}, storage = {}, above = {};
  for (const entry of names) {
    const { name, artifact } = load(out, entry);
    files.set(`artifacts/${name}.json`, json({
      contractName: name,
      abi: artifact.abi,
      bytecode: artifact.bytecode.object,
      deployedBytecode: artifact.deployedBytecode.object,
      linkReferences: sorted(artifact.bytecode.linkReferences ?? {}),
      deployedLinkReferences: sorted(artifact.deployedBytecode.linkReferences ?? {}),
    }));
    // With the code that makes it: both run on the chain. (What is deployed stands in it as data, and is walked with it.)
    const used = opcodes(artifact.bytecode.object, artifact.deployedBytecode.object);
    if (used.length > 0) above[name] = used;
    sizes[name] = (artifact.deployedBytecode.object.length - 2) / 2;
    const layout = (artifact.storageLayout?.storage ?? []).map((s) => `${s.slot}:${s.offset} ${s.label} ${typeName(artifact.storageLayout.types[s.type].label)}`);
    if (layout.length > 0) storage[name] = layout;
  }
  Object.assign(storage, namespaced(out));
  files.set('snapshots/opcodes.json', json(sorted(above)));
  files.set('snapshots/sizes.json', json(sorted(sizes)));
  files.set('snapshots/storage.json', json(sorted(storage)));
  for (const [name, size] of Object.entries(sizes)) {
    if (size >= CODE_LIMIT) { console.error(`${name}: ${size} bytes of code, the limit is ${CODE_LIMIT}`); code = 1; }
  }
  return files;
}

/** Names of the opcodes above Paris that a contract runs. Each code is walked by itself, because what is pushed is data and a
 *  wrong start would read it as code: the creation code ends where the deployed one begins in it. */
function opcodes(creation, deployed) {
  const bytes = (hex) => Buffer.from(hex.slice(2).replaceAll(/__\$.{34}\$__/g, '0'.repeat(40)), 'hex');
  const made = bytes(deployed), making = bytes(creation), seen = new Set();
  // Immutables are zero in both, so the one stands in the other as it is.
  const at = made.length === 0 ? making.length : making.indexOf(made);
  if (at < 0) throw new Error('the deployed code does not stand in the code that makes it');
  for (const code of [making.subarray(0, at), made]) {
    let runs = true; // what follows an end and is no destination of a jump never runs: constants lie there
    for (let i = 0; i < code.length; ++i) {
      const op = code[i];
      if (op === 0x5b) runs = true;
      if (runs && ABOVE_PARIS.has(op)) seen.add(ABOVE_PARIS.get(op));
      if (ENDS.has(op)) runs = false;
      if (op >= 0x60 && op <= 0x7f) i += op - 0x5f;
    }
  }
  return [...seen].sort();
}

function load(out, entry) {
  const [file, name] = entry.includes(':') ? entry.split(':') : [null, entry];
  const found = fs.readdirSync(out).filter((dir) => (!file || dir === path.basename(file)) && fs.existsSync(path.join(out, dir, `${name}.json`)));
  if (found.length !== 1) throw new Error(`${entry}: ${found.length === 0 ? 'no such contract in src/' : `in ${found.join(' and ')}; write File.sol:Name`}`);
  return { name, artifact: JSON.parse(fs.readFileSync(path.join(out, found[0], `${name}.json`), 'utf8')) };
}

/** ERC-7201 structs of our sources: solc leaves them out of its storage layout. Order and types fix the slots. */
function namespaced(out) {
  const structs = new Map(), spaces = {};
  const walk = (node, visit) => {
    if (Array.isArray(node)) node.forEach((n) => walk(n, visit));
    else if (node && typeof node === 'object') { visit(node); for (const v of Object.values(node)) if (v && typeof v === 'object') walk(v, visit); }
  };
  const asts = new Map();
  if (!fs.existsSync(out)) return spaces;
  for (const dir of fs.readdirSync(out)) {
    if (!dir.endsWith('.sol')) continue;
    for (const f of fs.readdirSync(path.join(out, dir))) {
      const { ast } = JSON.parse(fs.readFileSync(path.join(out, dir, f), 'utf8'));
      if (ast) asts.set(ast.absolutePath, ast);
    }
  }
  for (const ast of asts.values()) walk(ast, (n) => { if (n.nodeType === 'StructDefinition') structs.set(n.canonicalName, n); });
  const members = (struct, seen) => struct.members.map((m) => {
    const type = typeName(m.typeDescriptions.typeString);
    const inner = [...structs.values()].find((s) => s.canonicalName === type || `${s.canonicalName}[]` === type || type.endsWith(`=> ${s.canonicalName})`));
    return inner && !seen.includes(inner) ? { [`${m.name} ${type}`]: members(inner, [...seen, inner]) } : `${m.name} ${type}`;
  });
  for (const [file, ast] of asts) {
    if (!file.startsWith('src/')) continue;
    walk(ast, (n) => {
      if (n.nodeType !== 'StructDefinition') return;
      const space = /erc7201:([^\s*]+)/.exec(n.documentation?.text ?? '');
      if (space) spaces[`erc7201:${space[1]}`] = members(n, [n]);
    });
  }
  return spaces;
}

/** `struct A.B storage ref` and `contract C` become `A.B` and `C`, so that no compiler detail enters the snapshot. */
function typeName(label) {
  return label.replace(/\b(struct|contract|enum) /g, '').replace(/ storage (ref|pointer)/g, '');
}

function sorted(value) {
  if (Array.isArray(value) || value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.keys(value).sort().map((k) => [k, sorted(value[k])]));
}

function json(value) {
  return JSON.stringify(value, null, 1) + '\n';
}

function committed() {
  const dir = path.join(root, 'artifacts');
  return fs.existsSync(dir) ? fs.readdirSync(dir).filter((f) => f.endsWith('.json')).map((f) => `artifacts/${f}`) : [];
}

function write(made) {
  for (const file of committed()) if (!made.has(file)) fs.rmSync(path.join(root, file));
  for (const [file, text] of made) {
    fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    fs.writeFileSync(path.join(root, file), text);
  }
  console.log(`wrote ${names.length} artifacts`);
  return code;
}

function compare(made) {
  const stale = [...made].filter(([file, text]) => !fs.existsSync(path.join(root, file)) || fs.readFileSync(path.join(root, file), 'utf8') !== text).map(([file]) => file);
  const foreign = committed().filter((file) => !made.has(file));
  if (stale.length > 0) console.error(`stale: ${stale.join(', ')}`);
  if (foreign.length > 0) console.error(`not in artifacts.txt: ${foreign.join(', ')}`);
  if (stale.length + foreign.length > 0) {
    console.error('run: node contracts/scripts/artifacts.mjs export, look at the diff of snapshots/, and commit');
    return 1;
  }
  return code;
}
