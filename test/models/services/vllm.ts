import { answer, answerWithCalls, call, calls, chunk, DONE, type Service } from './quirk.ts'

export const vllm: Service = {
  name: 'vLLM',
  quirks: [
    {
      quirk: 'reasoning',
      what: '`reasoning_content`, in newer versions `reasoning`, or both',
      body: answer(chunk({ reasoning: 'hm', reasoning_content: 'hm' }), chunk({ content: 'hi' })),
      expect: { text: 'hi', thoughts: 'hm' },
    },
    {
      quirk: 'think-tags',
      what: 'a closing `</think>` whose opening one was in the prompt',
      body: answer(...'Let me see.\n</think>\n\nhi'.match(/[\s\S]{1,5}/g)!.map((content) => chunk({ content }))),
      expect: { text: 'hi', thoughts: 'Let me see.' },
    },
    {
      quirk: 'call-pieces',
      what: '`{}` first, the arguments after it',
      body: answerWithCalls(
        calls({ index: 0, id: 'chatcmpl-tool-1', ...call('save', '{}') }),
        calls({ index: 0, function: { arguments: '{"k":1}' } }),
      ),
      expect: { calls: [['save', { k: 1 }]] },
    },
    {
      quirk: 'finish-reasons',
      what: '`abort`: asked again',
      body: [chunk({ content: 'ha' }), chunk({}, 'abort'), DONE].join(''),
      expect: { error: { kind: 'server' } },
    },
    {
      quirk: 'error-shape',
      what: '`object: error` without an inner map',
      status: 400,
      body: JSON.stringify({
        object: 'error',
        message: "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens.",
        type: 'BadRequestError',
        param: null,
        code: 400,
      }),
      expect: { error: { kind: 'context' } },
    },
    {
      quirk: 'no-media',
      what: '400: not a multimodal model',
      status: 400,
      body: JSON.stringify({
        object: 'error',
        message: 'm is not a multimodal model',
        type: 'BadRequestError',
        param: null,
        code: 400,
      }),
      expect: { error: { kind: 'invalid' } },
    },
  ],
}
