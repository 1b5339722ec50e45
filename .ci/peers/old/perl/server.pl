#!/usr/bin/perl
# A server by the contract in ../../README.md, with Protocol::WebSocket and a process
# for each connection.
use strict;
use warnings;
use Encode ();
use IO::Socket::INET;
use Protocol::WebSocket::Handshake::Server;

$SIG{CHLD} = 'IGNORE';
$SIG{PIPE} = 'IGNORE';
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 64) or die $!;
$| = 1;
print 'listening on ws://127.0.0.1:' . $listener->sockport . "/\n";
while (my $socket = $listener->accept) {
	my $child = fork // die $!;
	next if $child;
	close $listener;
	serve($socket);
	exit;
}

sub serve {
	my ($socket) = @_;
	my $hs = Protocol::WebSocket::Handshake::Server->new;
	my $out = '';
	until ($hs->is_done) {
		sysread $socket, my $in, 65536 or return;
		$hs->parse($in) or return;
		# Protocol::WebSocket leaves the subprotocol to its user.
		my $field = $hs->version eq 'draft-hixie-75' ? 'WebSocket-Protocol' : 'Sec-WebSocket-Protocol';
		my $offered = $hs->req->field($field) // '';
		$hs->res->subprotocol('b') if grep { $_ eq 'b' } split /, */, $offered;
	}
	my $path = $hs->req->resource_name;
	if ($path eq '/refuse') {
		syswrite $socket, "HTTP/1.1 403 Forbidden\r\nContent-Length: 8\r\nConnection: close\r\n\r\nno entry";
		return;
	}
	$out = $hs->to_string;
	my $frame = sub { $hs->build_frame(max_payload_size => 0, @_)->to_bytes };
	my $parts = sub {
		my ($type, $payload, $cut) = @_;
		return $frame->(type => $type, fin => 0, buffer => substr $payload, 0, $cut)
			. $frame->(type => 'ping', buffer => '')
			. $frame->(type => 'continuation', buffer => substr $payload, $cut);
	};
	if ($path =~ m{^/close\?code=(\d+)&reason=(.*)}) {
		$out .= $frame->(type => 'close', buffer => pack('n', $1) . $2);
	} elsif ($path eq '/close') {
		$out .= $frame->(type => 'close', buffer => '');
	} elsif ($path eq '/greet') {
		$out .= $frame->(buffer => 'hello');
	} elsif ($path eq '/ping') {
		$out .= $frame->(type => 'ping', buffer => 'p');
	} elsif ($path eq '/fragments') {
		$out .= $parts->('text', Encode::encode_utf8("gr\x{fc}\x{df}e \x{1f600}"), 3);
		$out .= $parts->('binary', join('', map { chr } 0 .. 255), 100);
	}
	send_all($socket, $out);
	return if $path eq '/cut';

	my $frames = $hs->build_frame(max_payload_size => 0, max_fragments_amount => 1000);
	while (sysread $socket, my $in, 65536) {
		$frames->append($in);
		while (defined(my $payload = $frames->next_bytes)) {
			if ($frames->is_close) {
				send_all($socket, $frame->(type => 'close', buffer => $payload));
				return;
			}
			my $reply = $frames->is_pong ? 'ponged' : $payload;
			next if $frames->is_pong && $payload ne 'p';
			my $type = $frames->is_ping ? 'pong' : $frames->is_binary ? 'binary' : 'text';
			send_all($socket, $frame->(type => $type, buffer => $reply)) or return;
		}
	}
}

sub send_all {
	my ($socket, $out) = @_;
	while (length $out) {
		my $n = syswrite $socket, $out or return;
		substr $out, 0, $n, '';
	}
	return 1;
}
