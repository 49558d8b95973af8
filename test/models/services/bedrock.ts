import { answerWithCalls, call, calls, chunk, type Service } from './quirk.ts'

export const bedrock: Service = {
  name: 'Bedrock’s gateway',
  quirks: [
    {
      quirk: 'call-pieces',
      what: 'indexes that count the text, and begin at 1',
      body: answerWithCalls(
        chunk({ content: 'Saving.' }),
        calls({ index: 1, id: 'tooluse_a', ...call('save', '') }),
        calls({ index: 1, function: { arguments: '{"k":1}' } }),
        calls({ index: 2, id: 'tooluse_b', ...call('save', '') }),
        calls({ index: 2, function: { arguments: '{"k":2}' } }),
      ),
      expect: {
        text: 'Saving.',
        calls: [
          ['save', { k: 1 }],
          ['save', { k: 2 }],
        ],
      },
    },
    {
      quirk: 'stream-form',
      what: 'lines that end with CR LF, a BOM before the first',
      body: `\uFEFF${(chunk({ content: 'hi' }) + chunk({}, 'stop')).replaceAll('\n', '\r\n')}`,
      expect: { text: 'hi' },
    },
    {
      quirk: 'late-reset',
      what: 'the balancer resets the connection behind the last event',
      body: chunk({ content: 'hi' }) + chunk({}, 'stop'),
      reset: true,
      expect: { text: 'hi', stopReason: 'end_turn' },
    },
    {
      quirk: 'error-shape',
      what: '`detail` in words',
      status: 400,
      body: JSON.stringify({
        detail:
          'An error occurred (ValidationException) when calling the ConverseStream operation: The model returned the following errors: messages.2.content.0: image exceeds 5 MB maximum',
      }),
      expect: { error: { kind: 'invalid', message: /messages\.2\.content\.0/ } },
    },
    {
      quirk: 'no-model',
      what: '400: the identifier is invalid',
      status: 400,
      body: JSON.stringify({
        detail:
          'An error occurred (ValidationException) when calling the Converse operation: The provided model identifier is invalid.',
      }),
      expect: { error: { kind: 'no_model' } },
    },
  ],
}
