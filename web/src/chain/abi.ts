import { parseAbi } from 'viem'

export const minterAbi = parseAbi([
  'function submit() payable returns (uint256)',
  'struct RedeemParams { uint256 instantMax; uint256 ammMax; uint256 queueMax; uint256 minOutNow; uint256 feeLimitBps; uint256 deadline; address recipient; }',
  'function redeem(uint256 amount, RedeemParams params) returns (uint256 paid, uint256 id)',
  'function cancel(uint256 id)',
  'function claim(uint256 id, uint256 hintA, uint256 hintB) returns (uint256)',
  'function findHints(uint256[] ids) view returns (uint256[] hintsA, uint256[] hintsB)',
  'function unstakeRewards() returns (uint256)',
])
