package host

import (
	"context"
	"log/slog"

	"github.com/coreos/go-systemd/v22/daemon"
)

// TellReady says to systemd that the server answers, and at the end that it stops. Where no
// service manager waits for it, it does nothing.
func TellReady(ctx context.Context, log *slog.Logger) {
	tell := func(state string) {
		if _, err := daemon.SdNotify(false, state); err != nil {
			log.Warn("systemd could not be told of the server's state", "state", state, "error", err)
		}
	}
	tell(daemon.SdNotifyReady)
	context.AfterFunc(ctx, func() { tell(daemon.SdNotifyStopping) })
}
