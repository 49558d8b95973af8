// The converted configuration as YAML that people can read on: sections apart, a comment over each, short lists in a line.

import { Document, isMap, isScalar, isSeq, type Pair, Scalar, visit } from 'yaml'

const COMMENTS: Readonly<Record<string, string>> = {
  gateway: ' The one port: HTTP, sockets, the page.',
  models: ' Where models run. Keys come from the environment or .env.',
  defaults: ' What every agent starts from.',
  agents: ' `tools` is an allowlist: what it does not name, the agent does not have.',
  identityLinks: ' People, wherever they write from.',
  owners: ' Who may approve, stop and pair.',
  channels: ' Without allowFrom, anyone may write. The page on this machine is its owner’s in any case.',
  routing: ' Higher priority first, then file order; the first rule that matches wins.',
  heartbeats: ' Prompts by the clock.',
}

export function renderYaml(config: Record<string, unknown>, from: string): string {
  const document = new Document(config)
  document.commentBefore = ` Imported from ${from.replaceAll(/[\r\n]/g, ' ')}. Check it with: claw validate, claw access`
  visit(document, {
    Seq(_, node) {
      if (node.items.every((item) => isScalar(item))) node.flow = true
    },
    // A text with ${…} or a number in it reads better quoted.
    Scalar(key, node) {
      if (key !== 'key' && typeof node.value === 'string' && /^\d+$|^\$\{/.test(node.value)) node.type = Scalar.QUOTE_DOUBLE
    },
  })
  const root = document.contents
  if (isMap(root)) for (const pair of root.items) decorate(pair as Pair)
  return document.toString({ lineWidth: 0, flowCollectionPadding: false })
}

function decorate(pair: Pair): void {
  const { key } = pair
  if (!isScalar(key) || key.value === 'version') return
  key.spaceBefore = true
  const comment = COMMENTS[String(key.value)]
  if (comment !== undefined) key.commentBefore = comment
  if (isSeq(pair.value)) for (const item of pair.value.items) if (isMap(item) && key.value === 'routing') item.flow = true
}
