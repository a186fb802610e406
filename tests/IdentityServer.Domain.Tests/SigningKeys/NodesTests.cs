using CsCheck;
using IdentityServer.Domain.SigningKeys;

namespace IdentityServer.Domain.Tests.SigningKeys;

/// <summary>
/// Several nodes share keys through a database that each looks at in its own rhythm, by a clock of its own. Whatever happens when: what one
/// signs, all publish.
/// </summary>
public sealed class NodesTests
{
    private static readonly DateTimeOffset Begin = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);

    private enum Wish
    {
        Nothing,
        Rotate,
        RotateNow,
    }

    // Two and a half minutes each way: clocks differ by five at the most. A look every ten seconds, and some of them fail.
    private static readonly Gen<Node[]> Nodes = Gen.Select(Gen.Frequency((1, Gen.Const(-150)), (1, Gen.Const(150)), (1, Gen.Int[-150, 150])), Gen.Int[0, 9], Gen.Int[10, 40])
        .Select((offset, phase, every) => new Node(TimeSpan.FromSeconds(offset), TimeSpan.FromSeconds(phase), TimeSpan.FromSeconds(every))).Array[2, 4];

    private static readonly Gen<int> Jump = Gen.Frequency((4, Gen.Int[1, 30]), (3, Gen.Int[240, 420]), (2, Gen.Int[900, 20_000]), (2, Gen.Int[20_000, 400_000]));

    private static readonly Gen<int> Days = Gen.Frequency((1, Gen.Int[1, 900]), (3, Gen.Int[20_000, 400_000]));

    [Fact]
    public void D3_no_node_signs_with_a_key_that_another_does_not_publish() => Gen.Select(
        Nodes,
        Gen.Select(Jump, Gen.Frequency((6, Gen.Const(Wish.Nothing)), (1, Gen.Const(Wish.Rotate)), (2, Gen.Const(Wish.RotateNow)))).Array[60, 200])
        .Sample(
            (nodes, steps) =>
            {
                var world = new Installation(nodes);
                var lastSigned = new Dictionary<int, DateTimeOffset>();
                foreach (var (seconds, wish) in steps)
                {
                    world.Advance(TimeSpan.FromSeconds(seconds), wish);
                    foreach (var node in nodes)
                    {
                        lastSigned[node.SignerAt(world.Now)] = world.Now;
                    }

                    // An id_token comes back as a hint for two weeks.
                    var live = lastSigned.Where(token => world.Now - token.Value <= TimeSpan.FromDays(14)).Select(token => token.Key).ToList();
                    Array.TrueForAll(nodes, node => node.PublishedAt(world.Now).IsSupersetOf(live)).ShouldBeTrue();
                }
            },
            iter: 100);

    [Fact]
    public void D3_a_client_that_fetched_the_keys_13_days_ago_verifies_what_is_signed_today() => Gen.Select(
        Nodes, Gen.Select(Days, Gen.Frequency((200, Gen.Const(Wish.Nothing)), (1, Gen.Const(Wish.Rotate)))).Array[60, 200])
        .Sample(
            (nodes, steps) =>
            {
                var world = new Installation(nodes);
                foreach (var (seconds, wish) in steps)
                {
                    world.Advance(TimeSpan.FromSeconds(seconds), wish);
                }

                // The unluckiest client fetched the keys of this node just before it published another one.
                nodes.SelectMany(node => node.Published).Where(key => key.Number > 1)
                    .ShouldAllBe(key => key.SignsFrom - key.Since > TimeSpan.FromDays(13));
            },
            iter: 100);

    private sealed class Installation
    {
        private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

        private readonly Node[] _nodes;
        private readonly List<Numbered> _keys = [];
        private int _made;

        public Installation(Node[] nodes)
        {
            _nodes = nodes;
            Now = Begin;
            Add(KeySchedule.Due([], Begin)!, Begin);
            foreach (var node in nodes)
            {
                node.Start();
                node.Take(_keys, Begin);
            }
        }

        public DateTimeOffset Now { get; private set; }

        /// <summary>Time passes, in which each node last looked when its rhythm says; then somebody wishes something.</summary>
        public void Advance(TimeSpan by, Wish wish)
        {
            if (by > Minute)
            {
                // Every node has looked once by then.
                Advance(Minute, Wish.Nothing);
                by -= Minute;
            }

            Now += by;
            foreach (var node in _nodes.Where(node => node.LookedAt(Now) > Now - by).OrderBy(node => node.LookedAt(Now)))
            {
                var clock = node.LookedAt(Now) + node.Offset;
                Maintain(clock);
                node.Take(_keys, Now);
            }

            if (wish != Wish.Nothing)
            {
                // At whatever machine the verb is run.
                var clock = Now + _nodes[0].Offset;
                Maintain(clock);
                Rotate(clock, wish == Wish.RotateNow);
            }
        }

        private void Maintain(DateTimeOffset now)
        {
            _keys.RemoveAll(key => !key.Period.IsPublishedAt(now));
            if (KeySchedule.Due([.. _keys.Select(key => key.Period)], now) is { } due)
            {
                Add(due, now);
            }
        }

        private void Rotate(DateTimeOffset now, bool atOnce)
        {
            if (_keys.Where(key => key.Period.ActivatesAt > now).MinBy(key => key.Period.ActivatesAt) is not { } announced)
            {
                Add(KeySchedule.Asked(now, atOnce), now);
            }
            else if (atOnce)
            {
                _keys.Remove(announced);
                Add(KeySchedule.BroughtForward(announced.Period, now), now, announced.Number);
            }
        }

        private void Add(KeyPeriod period, DateTimeOffset now, int? number = null)
        {
            if (KeySchedule.Predecessor(_keys, key => key.Period, period.ActivatesAt, now) is { } former)
            {
                _keys[_keys.IndexOf(former)] = former with { Period = former.Period.Until(period.ActivatesAt) };
            }

            _keys.Add(new(number ?? ++_made, period));
        }
    }

    private sealed record Numbered(int Number, KeyPeriod Period);

    private sealed class Node(TimeSpan offset, TimeSpan phase, TimeSpan every)
    {
        private readonly Dictionary<int, (DateTimeOffset Since, DateTimeOffset SignsFrom)> _published = [];
        private List<Numbered> _seen = [];

        public TimeSpan Offset => offset;

        /// <summary>What it ever published: since when, and when that came to sign, by what it knew last.</summary>
        public IEnumerable<(int Number, DateTimeOffset Since, DateTimeOffset SignsFrom)> Published => _published.Select(key => (key.Key, key.Value.Since, key.Value.SignsFrom));

        public DateTimeOffset LookedAt(DateTimeOffset now) => now - TimeSpan.FromTicks(((now - Begin).Ticks + phase.Ticks) % every.Ticks);

        public void Start() => _published.Clear();

        public void Take(List<Numbered> keys, DateTimeOffset now)
        {
            _seen = [.. keys];
            foreach (var key in keys)
            {
                _published[key.Number] = (_published.TryGetValue(key.Number, out var known) ? known.Since : LookedAt(now), key.Period.ActivatesAt);
            }
        }

        public int SignerAt(DateTimeOffset now) => KeySchedule.Signer(Known(now), key => key.Period, LookedAt(now) + offset).Number;

        public HashSet<int> PublishedAt(DateTimeOffset now) => [.. Known(now).Select(key => key.Number)];

        // A node assembles its set when it looks.
        private List<Numbered> Known(DateTimeOffset now) => [.. _seen.Where(key => key.Period.IsPublishedAt(LookedAt(now) + offset))];
    }
}
