// `browser`: what to do in a page in, what can be acted on there out. The browser itself is the engine's: see host.ts.

import { hostOf, type Sending } from '../../permissions/flow/sending.ts'
import { fields, text } from '../input-fields.ts'
import type { ToolDefinition } from '../port.ts'
import { ACTIONS, type BrowserInput, type BrowserSettings } from './port.ts'

const OPTIONAL = ['url', 'ref', 'text', 'key', 'tab']

export const browser: ToolDefinition<BrowserInput, BrowserSettings | undefined> = {
  name: 'browser',
  description:
    'A web browser. open a url, then act on the refs of its snapshot: click; type text; select an option by text; press a key; scroll (text: up, down); wait (text: that appears). Refs hold until the page changes.',
  inputSchema: fields(
    {
      action: { enum: ACTIONS },
      url: text('open'),
      ref: text('as ref_12'),
      text: { type: 'string' },
      key: text('as Enter, Tab, Control+A'),
      tab: { type: 'integer', minimum: 1 },
    },
    OPTIONAL,
  ),
  traits: { sends: true, outside: true, private: true },
  settings: 'browser',
  needsNoSettings: true,
  timeoutMs: 90_000,
  sendingOf: (input) => sent(input as BrowserInput),
  async run(input, { agent, settings, network, paths, signal, log, browser: host }) {
    return await host.act(input, { agentId: agent.id, settings: settings ?? { headless: true }, network, paths, signal, log })
  },
}

/** Addresses that are opened and texts that are typed leave. */
function sent({ action, url = '', text: typed = '' }: BrowserInput): Sending | null {
  if (action === 'open') {
    const host = hostOf(url)
    return { ...(host === undefined ? {} : { to: host }), addresses: [url], texts: [] }
  }
  return action === 'type' && typed !== '' ? { addresses: [], texts: [typed] } : null
}
