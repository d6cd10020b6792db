/* message.h: the messages of the two services that are called, as protocol buffers by hand.
 *
 *     helloworld.Greeter/SayHello    HelloRequest { string name = 1; bytes vHiveMetadata = 15 }
 *                                    HelloReply   { string message = 1 }
 *     faas.Executor/Execute          FaasRequest  { string message = 1;
 *                                                   uint32 runtimeInMilliSec = 2;
 *                                                   uint32 memoryInMebiBytes = 3 }
 *                                    FaasReply    { string message = 1;
 *                                                   uint32 durationInMicroSec = 2;
 *                                                   uint32 memoryUsageInKb = 3 }
 *
 * On the wire of gRPC each has a prefix of five bytes: 0 (not compressed) and a big-endian length.
 *
 * Source: vSwarm's and invitro's .proto files. Proto3: a number 0 and an empty text are left out.
 */
#ifndef LOAD_MESSAGE_H
#define LOAD_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum { MESSAGE_PREFIX = 5 };

#define MESSAGE_GREETER_PATH "/helloworld.Greeter/SayHello"
#define MESSAGE_EXECUTOR_PATH "/faas.Executor/Execute"

struct message {          /* what the fields above hold; unknown fields are skipped */
    struct str text;      /* field 1: name or message; borrowed */
    uint32_t number[2];   /* fields 2 and 3 */
    struct str meta;      /* field 15; borrowed */
};

/* Append prefix and message. */
void message_put(struct buf *b, const struct message *m);

/* Read one message with its prefix; false: cut short, compressed or no protocol buffer. */
bool message_get(struct str bytes, struct message *m);

#endif
