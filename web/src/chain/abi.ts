import { parseAbi } from 'viem'

export const minterAbi = parseAbi([
  'function deposit(address recipient, uint256 minOut, uint256 deadline) payable returns (uint256 lst)',
  'struct ExitParams { uint256 instantMax; uint256 ammMax; uint256 queueMax; uint256 minOutNow; uint256 feeLimitBps; uint256 deadline; address recipient; }',
  'function redeem(uint256 amount, ExitParams p) returns (uint256 paidNow, uint256 id)',
  'function cancel(uint256 id) returns (uint256 lst)',
  'function claim(uint256 id, uint256 hintA, uint256 hintB) returns (uint256 paid)',
  'function findHints(uint256[] ids) view returns (uint256[] hintsA, uint256[] hintsB)',
  'function unstakeRewards() returns (uint256 paid)',
])
