import { useState } from 'react'
import { useConnect, useConnection, useConnectors, useDisconnect, useSwitchChain, type Connector } from 'wagmi'
import { useAppConfig } from '../chain/app-config'
import { explain } from '../chain/errors'
import { shortAddress } from '../lib/text'
import { Dialog } from './dialog'
import { Button, ChainLink, Notice } from './ui'

/** A wallet's icon comes from the wallet: only an image in a data URI is shown. */
const safeIcon = (icon: string | undefined) => (icon && /^data:image\//i.test(icon.trim()) ? icon.trim() : null)

function WalletChoice({ connector, onChoose, busy }: { connector: Connector; onChoose: () => void; busy: boolean }) {
  const icon = safeIcon(connector.icon)
  return (
    <li>
      <button
        type="button"
        disabled={busy}
        onClick={onChoose}
        data-testid={`connect-${connector.id}`}
        className="flex min-h-14 w-full items-center gap-3 rounded-control px-4 text-left font-medium ring-1 ring-line hover:bg-sunken disabled:text-ink-soft"
      >
        {icon ? (
          <img src={icon} alt="" width="28" height="28" className="rounded-md" />
        ) : (
          <span aria-hidden="true" className="size-7 rounded-md bg-accent-soft" />
        )}
        {connector.name}
      </button>
    </li>
  )
}

function Choices({ onDone }: { onDone: () => void }) {
  const connectors = useConnectors()
  const connect = useConnect()
  const { chainId } = useAppConfig()
  const { nativeSymbol } = useAppConfig()
  const failure = connect.error ? explain(connect.error) : null
  if (connectors.length === 0) {
    return (
      <div className="space-y-3 text-sm">
        <p>No wallet was found in this browser.</p>
        <p className="text-ink-soft">
          Install any browser wallet that announces itself (EIP-6963; nearly all do), unlock it and reload this page. On
          a phone, open this page in your wallet’s own browser. You can look at every page without a wallet; only moving{' '}
          {nativeSymbol} needs one.
        </p>
        <Button look="quiet" onClick={() => window.location.reload()}>
          Reload
        </Button>
      </div>
    )
  }
  return (
    <div className="space-y-4">
      <ul className="space-y-2">
        {connectors.map((connector) => (
          <WalletChoice
            key={connector.uid}
            connector={connector}
            busy={connect.isPending}
            onChoose={() => connect.mutate({ connector, chainId }, { onSuccess: onDone })}
          />
        ))}
      </ul>
      {connect.isPending && <Notice>Confirm in your wallet.</Notice>}
      {failure && <Notice tone={failure.rejected ? 'warn' : 'bad'} title={failure.title} />}
    </div>
  )
}

export function ConnectButton({ wide = false, label = 'Connect wallet' }: { wide?: boolean; label?: string }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button wide={wide} onClick={() => setOpen(true)} data-testid="connect">
        {label}
      </Button>
      <Dialog title="Connect a wallet" open={open} onClose={() => setOpen(false)}>
        <Choices onDone={() => setOpen(false)} />
      </Dialog>
    </>
  )
}

/** The wallet in the header: connect, or who is connected and how to leave. */
export function WalletButton() {
  const { address, connector } = useConnection()
  const disconnect = useDisconnect()
  const [open, setOpen] = useState(false)
  if (!address) return <ConnectButton label="Connect" />
  return (
    <>
      <Button look="quiet" onClick={() => setOpen(true)} data-testid="account">
        <span className="sr-only">Your wallet, </span>
        <span className="font-mono text-[0.85em]">{shortAddress(address)}</span>
      </Button>
      <Dialog title="Your wallet" open={open} onClose={() => setOpen(false)}>
        <p className="text-sm text-ink-soft">Connected with {connector?.name ?? 'your wallet'}</p>
        <p className="mt-2 font-mono text-sm break-all">{address}</p>
        <div className="mt-5 flex flex-wrap items-center gap-4">
          <Button
            look="quiet"
            onClick={() => {
              disconnect.mutate({})
              setOpen(false)
            }}
          >
            Disconnect
          </Button>
          <ChainLink kind="address" value={address} label="View address" />
        </div>
      </Dialog>
    </>
  )
}

/** Shown across every page while the wallet is on another chain; with one press to come over. */
export function WrongNetwork() {
  const { chainId, chainName } = useAppConfig()
  const connection = useConnection()
  const change = useSwitchChain()
  if (!connection.isConnected || connection.chainId === chainId) return null
  const failure = change.error ? explain(change.error) : null
  return (
    <div className="mb-6">
      <Notice
        tone="warn"
        title={`Your wallet is on another network`}
        action={
          <Button disabled={change.isPending} onClick={() => change.mutate({ chainId })} data-testid="switch-network">
            {change.isPending ? 'Confirm in your wallet…' : `Switch to ${chainName}`}
          </Button>
        }
      >
        This app works on {chainName} (chain {chainId}).{' '}
        {failure
          ? `${failure.title}. You can also switch inside your wallet.`
          : 'Nothing can be sent until you switch.'}
      </Notice>
    </div>
  )
}

/** The connected address, only when the wallet is on the right chain. */
export function useReadyWallet() {
  const { chainId } = useAppConfig()
  const connection = useConnection()
  return {
    address: connection.address,
    connected: connection.isConnected,
    ready: connection.isConnected && connection.chainId === chainId,
  }
}
