// The peer: a Node Socket.IO server that starts `python3 -u -c` for each execute_command, and echoes `message`.
const { spawn } = require("node:child_process");
const { Server } = require("socket.io");

const server = new Server(Number(process.argv[2]), { maxHttpBufferSize: 32 * 1024 * 1024 });
server.on("connection", (socket) => {
  socket.on("message", (...args) => socket.emit("message-back", ...args));
  socket.on("execute_command", ({ command }) => {
    const python = spawn(process.env.PEER_PYTHON || "python3", ["-u", "-c", command]);
    socket.emit("command_started");
    const forward = (text) => socket.emit("command_output", { output: text });
    python.stdout.setEncoding("utf8").on("data", forward);
    python.stderr.setEncoding("utf8").on("data", forward);
    python.on("close", () => socket.emit("command_complete"));
  });
});
server.httpServer.on("listening", () => console.log("ready"));
