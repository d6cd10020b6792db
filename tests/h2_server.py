"""h2_server.py LIMIT: gRPC's framing on hyper-h2, an HTTP/2 that is not ours, for endings that
grpc's own server does not make.

The name called (:authority) says what happens: resetE resets the stream with error E, halfE does so
after the answer's headers, away answers and ends the connection with a GOAWAY that takes no stream
after this one, mad sends what breaks the protocol and then nothing more, cut closes the connection
under its calls, any other answers after 50 ms. LIMIT is
the most streams a connection may have open; a caller that opens more is a protocol error. Prints its
port; at the end of its input, the most streams that were open on a connection, and connections.
"""
import asyncio
import struct
import sys

import h2.config
import h2.connection
import h2.events
import h2.settings

LIMIT = int(sys.argv[1])
most = opened = 0


class Server(asyncio.Protocol):
    def connection_made(self, transport):
        global opened
        opened += 1
        self.transport = transport
        self.names = {}
        self.open = set()
        self.ended = False
        self.conn = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        self.conn.local_settings = h2.settings.Settings(
            client=False, initial_values={h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: LIMIT})
        self.conn.initiate_connection()
        self.flush()

    def flush(self):
        self.transport.write(self.conn.data_to_send())

    def data_received(self, data):
        try:
            events = self.conn.receive_data(data)
        except h2.exceptions.ProtocolError:
            self.flush()
            self.transport.close()
            return
        for e in events:
            if isinstance(e, h2.events.RequestReceived):
                self.began(e)
            elif isinstance(e, h2.events.StreamEnded):
                self.asked(e.stream_id)
            elif isinstance(e, h2.events.StreamReset):
                self.open.discard(e.stream_id)
        self.flush()

    def began(self, e):
        global most
        headers = {k.decode() if isinstance(k, bytes) else k: v.decode() if isinstance(v, bytes)
                   else v for k, v in e.headers}
        self.names[e.stream_id] = headers[":authority"].split(".")[0]
        self.open.add(e.stream_id)
        most = max(most, len(self.open))

    def asked(self, stream):
        name = self.names[stream]
        if name.startswith("reset"):
            self.reset(stream, int(name[5:]))
        elif name.startswith("half"):
            self.conn.send_headers(stream, [(":status", "200"),
                                            ("content-type", "application/grpc")])
            self.reset(stream, int(name[4:]))
        elif name == "away":
            self.answer(stream)
            if not self.ended:
                self.transport.write(struct.pack(">BHBBIII", 0, 8, 7, 0, 0, stream, 0))
            self.ended = True
        elif name == "mad":
            self.transport.write(b"\0\0\0\4\0\0\0\0\1")    # SETTINGS of a stream
            self.open.clear()
        elif name == "cut":
            self.transport.abort()
        else:
            asyncio.get_running_loop().call_later(0.05, self.answer, stream)

    def reset(self, stream, error):
        self.conn.reset_stream(stream, error)
        self.open.discard(stream)

    def answer(self, stream):
        if stream not in self.open or self.transport.is_closing():
            return
        self.conn.send_headers(stream, [(":status", "200"), ("content-type", "application/grpc")])
        self.conn.send_data(stream, b"\0\0\0\0\4\x0a\2hi")
        self.conn.send_headers(stream, [("grpc-status", "0")], end_stream=True)
        self.open.discard(stream)
        self.flush()


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Server, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    print(most, opened, flush=True)


asyncio.run(main())
