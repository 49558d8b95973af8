// A channel's page: what its folder says of it, and the table of its keys. Links in docs.md are as from docs/channels/.

import { channelRows, TABLE } from './reference.mjs'

export function channelPage(docs, type, language) {
  const rows = channelRows(language, type)
  const common = 'Beside these it has [the keys every channel has](../reference.md#channelsid).'
  const keys =
    rows.length === 0
      ? ['It has no keys of its own, only [those every channel has](../reference.md#channelsid).']
      : [...TABLE, ...rows, '', common]
  return `${docs.trimEnd()}\n\n## Keys\n\n${keys.join('\n')}\n\n<!-- Made by scripts/generate.mjs from src/channels/${type}. -->\n`
}

/** The table of all channels in docs/channels/README.md. */
export function channelList(readme, fragments) {
  const rows = Object.entries(fragments).map(
    ([type, { title, description }]) => `| [${title}](${type}.md) | \`${type}\` | ${description} |`,
  )
  const table = ['| | type | what it is |', '| --- | --- | --- |', ...rows].join('\n')
  return readme.replace(/(?<=<!-- channels -->\n)[\s\S]*?(?=\n<!-- \/channels -->)/, () => table)
}
