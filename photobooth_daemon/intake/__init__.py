"""Photos of cameras that cannot post: by FTP and from watched folders, to the daemon over HTTP."""
