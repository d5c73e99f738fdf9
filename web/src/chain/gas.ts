/**
 * The gas that a wallet is asked to allow: a third more than the call needs by now. Between the estimate and the block a
 * new day of rewards may begin or somebody may go first, and then the same call writes a slot or two more (22,100 gas
 * each); not all wallets leave room of their own. What is not used is not paid.
 */
export function gasLimit(needed: bigint): bigint {
  return needed + needed / 3n + 25_000n
}
