// The published AI SDK client, as it comes: sends messages, reads the answer, is cut off, comes back.
// Standard input: {api, headers, chatId, messages, cutAfter?}. Standard output: {message, chunks, errors, resumed}.
import { readFileSync } from "node:fs";
import { DefaultChatTransport, readUIMessageStream } from "ai";

const { api, headers, chatId, messages, cutAfter } = JSON.parse(readFileSync(0, "utf8"));
const transport = new DefaultChatTransport({ api, headers });
const chunks = [];
const errors = [];

const sending = new AbortController();
const sent = await transport.sendMessages({
  trigger: "submit-message",
  chatId,
  messageId: undefined,
  messages,
  abortSignal: sending.signal,
});

let message = null;
let resumed = false;
if (cutAfter === undefined) {
  message = await read(sent);
} else {
  const reader = sent.getReader();
  for (let count = 0; count < cutAfter; count += 1) await reader.read();
  sending.abort();
  const rest = await transport.reconnectToStream({ chatId });
  resumed = rest !== null;
  if (resumed) message = await read(rest);
}
process.stdout.write(JSON.stringify({ message, chunks, errors, resumed }));

async function read(stream) {
  const seen = new TransformStream({
    transform(chunk, controller) {
      chunks.push(chunk);
      controller.enqueue(chunk);
    },
  });
  let last = null;
  const onError = (error) => errors.push(String(error));
  for await (const state of readUIMessageStream({ stream: stream.pipeThrough(seen), onError })) last = state;
  return last;
}
