import type { HostTensor } from "@unroll/api";
import { fault } from "./break.js";

export const attentionSeesThePadding = fault(
  "attention-sees-the-padding",
  "attention looks at steps past the end of what it looks at",
  "attention over a padded batch of encoder outputs without their mask",
  {
    feeds: (feeds) =>
      Object.fromEntries(
        Object.entries(feeds).map(([name, feed]): [string, HostTensor] => {
          const all = name.startsWith("lengths.")
            ? feeds[name.slice("lengths.".length)]!.shape[1]!
            : name.startsWith("mask.")
              ? 1
              : null;
          return [name, all === null ? feed : ({ ...feed, data: feed.data.map(() => all) } as HostTensor)];
        }),
      ),
  },
);
