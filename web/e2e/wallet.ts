import type { BrowserContext, Page } from 'playwright-core'
import { createPublicClient, createWalletClient, hexToBigInt, http, numberToHex, type Address, type Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'

type Rpc = { method: string; params?: unknown[] }
type Answer = { result: unknown } | { error: { code: number; message: string; data?: unknown } }

/** What the run may change about the wallet while it goes on. */
export type WalletControl = {
  address: Address
  /** Decline the next signature with EIP-1193 code 4001. */
  declineNext: () => void
  /** Pretend to be on this chain until the app asks to switch. */
  moveTo: (chainId: number) => void
}

/**
 * A wallet for tests: an EIP-1193 provider, announced by EIP-6963, that signs with a local key outside of the page.
 * It answers `eth_accounts` with nothing until `eth_requestAccounts`, as a wallet does that the user has not connected.
 */
export async function injectWallet(
  context: BrowserContext,
  { rpcUrl, privateKey, chainId }: { rpcUrl: string; privateKey: Hex; chainId: number },
): Promise<WalletControl> {
  const account = privateKeyToAccount(privateKey)
  const transport = http(rpcUrl, { retryCount: 1, timeout: 10_000 })
  const chain = {
    id: chainId,
    name: 'e2e',
    nativeCurrency: { name: 'Coin', symbol: 'COIN', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  } as const
  const reader = createPublicClient({ chain, transport })
  const signer = createWalletClient({ account, chain, transport })
  let decline = false
  let current = chainId
  let connected = false

  const answer = async ({ method, params = [] }: Rpc): Promise<unknown> => {
    switch (method) {
      case 'eth_requestAccounts':
        connected = true
        return [account.address]
      case 'eth_accounts':
        return connected ? [account.address] : []
      case 'eth_chainId':
        return numberToHex(current)
      case 'wallet_requestPermissions':
      case 'wallet_getPermissions':
        connected ||= method === 'wallet_requestPermissions'
        return connected ? [{ parentCapability: 'eth_accounts' }] : []
      case 'wallet_revokePermissions':
        connected = false
        return null
      case 'wallet_switchEthereumChain': {
        current = Number((params[0] as { chainId: string }).chainId)
        return null
      }
      case 'wallet_addEthereumChain':
        return null
      case 'eth_sendTransaction': {
        if (decline) {
          decline = false
          throw Object.assign(new Error('User rejected the request.'), { code: 4001 })
        }
        const tx = params[0] as { to: Address; data?: Hex; value?: Hex; gas?: Hex }
        return signer.sendTransaction({
          to: tx.to,
          ...(tx.data ? { data: tx.data } : {}),
          ...(tx.value ? { value: hexToBigInt(tx.value) } : {}),
          ...(tx.gas ? { gas: hexToBigInt(tx.gas) } : {}),
        })
      }
      case 'eth_signTypedData_v4': {
        if (decline) {
          decline = false
          throw Object.assign(new Error('User rejected the request.'), { code: 4001 })
        }
        return account.signTypedData(JSON.parse(params[1] as string) as Parameters<typeof account.signTypedData>[0])
      }
      default:
        return reader.request({ method, params } as unknown as Parameters<typeof reader.request>[0])
    }
  }

  await context.exposeBinding('__e2eWallet', async (_, call: Rpc): Promise<Answer> => {
    try {
      return { result: await answer(call) }
    } catch (error) {
      const { code, message, data } = error as { code?: number; message?: string; data?: unknown }
      return { error: { code: code ?? -32603, message: message ?? 'failed', data } }
    }
  })
  await context.addInitScript(() => {
    type Listener = (value: unknown) => void
    const bridge = (call: unknown) =>
      (window as unknown as { __e2eWallet: (call: unknown) => Promise<Answer> }).__e2eWallet(call)
    type Answer = { result?: unknown; error?: { code: number; message: string; data?: unknown } }
    const listeners = new Map<string, Set<Listener>>()
    const emit = (event: string, value: unknown) => listeners.get(event)?.forEach((listener) => listener(value))
    const provider = {
      async request(call: { method: string; params?: unknown[] }) {
        const reply = await bridge({ method: call.method, params: call.params ?? [] })
        if (reply.error) throw Object.assign(new Error(reply.error.message), reply.error)
        if (call.method === 'wallet_switchEthereumChain') {
          emit('chainChanged', (call.params?.[0] as { chainId: string }).chainId)
        }
        return reply.result
      },
      on(event: string, listener: Listener) {
        if (!listeners.has(event)) listeners.set(event, new Set())
        listeners.get(event)?.add(listener)
      },
      removeListener(event: string, listener: Listener) {
        listeners.get(event)?.delete(listener)
      },
    }
    Object.assign(window, { __e2eEmit: emit })
    const detail = Object.freeze({
      info: {
        uuid: '5f6e0a43-0000-4000-8000-000000000001',
        name: 'Test Wallet',
        icon: 'data:image/svg+xml,%3Csvg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"%3E%3Crect width="1" height="1" fill="%230f5f5a"/%3E%3C/svg%3E',
        rdns: 'test.wallet',
      },
      provider,
    })
    const announce = () => window.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }))
    window.addEventListener('eip6963:requestProvider', announce)
    announce()
  })
  return {
    address: account.address,
    declineNext: () => {
      decline = true
    },
    moveTo: (chain) => {
      current = chain
    },
  }
}

/** Opens the app and joins it with the page's wallet. */
export async function connect(page: Page, base: string) {
  await page.goto(base)
  await page.getByTestId('connect').first().click()
  await page
    .getByTestId(/^connect-.+/)
    .first()
    .click()
  await page.getByTestId('account').waitFor()
}
