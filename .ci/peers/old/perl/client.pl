#!/usr/bin/perl
# The client of ../README.md, with Protocol::WebSocket.
use strict;
use warnings;
use utf8;
use Encode ();
use IO::Socket::INET;
use Protocol::WebSocket::Handshake::Client;

my ($url, $version) = @ARGV;
my %drafts = (13 => 'draft-ietf-hybi-17', 8 => 'draft-ietf-hybi-10', 'hixie-76' => 'draft-ietf-hybi-00', 'hixie-75' => 'draft-hixie-75');
my $draft = $drafts{$version} or die "no version $version";
my $hixie = $version =~ /^hixie/;
my $closes = $version ne 'hixie-75';
$SIG{ALRM} = sub { die "it hangs\n" };
alarm 60;
$| = 1;

# connection returns three functions: send, next and the end of TCP.
sub connection {
	my ($host, $port) = $url =~ m{^ws://(.*):(\d+)/} or die $url;
	my $socket = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port) or die $!;
	my $hs = Protocol::WebSocket::Handshake::Client->new(url => $url, version => $draft);
	$hs->req->subprotocol('b');
	send_all($socket, $hs->to_string);
	my $in = '';
	until ($hs->is_done) {
		sysread $socket, $in, 65536 or die 'the server has ended the handshake';
		$hs->parse($in) or die $hs->error;
	}
	die 'the subprotocol is not b' if ($hs->res->subprotocol // '') ne 'b';
	my $frames = Protocol::WebSocket::Frame->new(version => $draft, max_payload_size => 0);
	$frames->append($in);
	my $send = sub { send_all($socket, $hs->build_frame(version => $draft, max_payload_size => 0, @_)->to_bytes) };
	my $next;
	$next = sub {
		while (1) {
			my $payload = $frames->next_bytes;
			if (defined $payload) {
				return $frames->is_close ? "close $payload" : $payload unless $frames->is_ping;
				$send->(type => 'pong', buffer => $payload);
				next;
			}
			sysread $socket, my $more, 65536 or return 'end';
			$frames->append($more);
		}
	};
	return ($send, $next);
}

sub send_all {
	my ($socket, $out) = @_;
	while (length $out) {
		my $n = syswrite $socket, $out or die "sending: $!";
		substr $out, 0, $n, '';
	}
}

sub same {
	my ($got, $want) = @_;
	die sprintf "got %.50s (%d bytes), expected %.50s (%d)\n", $got, length $got, $want, length $want if $got ne $want;
}

my ($send, $next) = connection();
my @texts = ('', 'hello', Encode::encode_utf8('grüße, κόσμε, 世界, 😀'), map { 'x' x $_ } 1, 125, 126, 127, 65535, 65536);
for my $text (@texts) {
	$send->(type => 'text', buffer => $text);
	same($next->(), $text);
}
unless ($hixie) {
	for my $size (0, 1, 125, 126, 65535, 65536) {
		my $bytes = join '', map { chr($_ % 251) } 1 .. $size;
		$send->(type => 'binary', buffer => $bytes);
		same($next->(), $bytes);
	}
	$send->(type => 'text', fin => 0, buffer => "gr\xc3");
	$send->(type => 'ping', buffer => 'between');
	$send->(type => 'continuation', buffer => "\xbc\xc3\x9fe");
	same($next->(), 'between');
	same($next->(), "gr\xc3\xbc\xc3\x9fe");
	my $until = time + 3; # the server sends pings
	while (time < $until) {
		$send->(type => 'ping', buffer => 'and back');
		same($next->(), 'and back');
		select undef, undef, undef, 0.2;
	}
}
if ($closes) {
	my $reason = $hixie ? '' : pack('n', 4000);
	$send->(type => 'close', buffer => $reason);
	same($next->(), "close $reason");
	same($next->(), 'end');
}

($send, $next) = connection();
print "waiting\n";
my $end = $next->();
same(substr($end, 0, $hixie ? 6 : 8), $hixie ? 'close ' : 'close ' . pack('n', 1001)) if $closes;
same($end, 'end') unless $closes;
$send->(type => 'close', buffer => substr $end, 6) if $closes;
