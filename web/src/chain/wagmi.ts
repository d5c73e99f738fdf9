import { createConfig, http } from 'wagmi'
import { defineChain, type Chain } from 'viem'
import type { Config as AppConfig } from '../api/types'

/** The chain as the service describes it; also what a wallet is asked to add when it does not know it. */
function toChain(config: AppConfig): Chain {
  return defineChain({
    id: config.chainId,
    name: config.chainName,
    nativeCurrency: { name: config.nativeSymbol, symbol: config.nativeSymbol, decimals: 18 },
    rpcUrls: { default: { http: [config.rpcUrl] } },
    ...(config.explorerUrl ? { blockExplorers: { default: { name: 'Explorer', url: config.explorerUrl } } } : {}),
  })
}

/** Wallets are the ones that announce themselves (EIP-6963); nothing is bundled, nothing phones home. */
export function walletConfig(config: AppConfig) {
  const chain = toChain(config)
  return createConfig({
    chains: [chain],
    connectors: [],
    multiInjectedProviderDiscovery: true,
    transports: { [chain.id]: http(config.rpcUrl) },
    pollingInterval: config.accelerated ? 500 : 2_000,
  })
}
