namespace IdentityServer.ArchitectureTests;

/// <summary>
/// What the server asks of others goes through the room Egress, where every rule about it stands. A new place that these tests name is a
/// way round all of them.
/// </summary>
public sealed class OneDoorOutTests
{
    private static readonly string[] HttpClients =
        ["HttpClient", "HttpMessageInvoker", "HttpClientHandler", "SocketsHttpHandler", "WinHttpHandler", "WebClient", "HttpWebRequest", "WebRequest", "ClientWebSocket"];

    [Fact]
    public void Only_Egress_makes_what_speaks_http_and_the_two_try_outs_that_talk_to_this_very_server() =>
        Instructions.All.Where(step => step.Called is { } called && HttpClients.Contains(Instructions.NameOf(called.DeclaringType), StringComparer.Ordinal)
                && called.Name is ".ctor" or "Create" or "CreateHttp")
            .Select(step => step.Method).Distinct()
            .ShouldBe(["EgressExchange.Handler", "EgressExchange.RunAsync", "HomeRoom.AddHome", "TrialsRoom.AddTrials"], ignoreOrder: true);

    [Fact]
    public void A_factory_of_http_clients_serves_the_two_try_outs_alone()
    {
        Instructions.All.Where(step => step.Called is { Name: "AddHttpClient" or "AddHttpClientDefaults" or "ConfigureHttpClientDefaults" })
            .Select(step => step.Method).Distinct().ShouldBe(["HomeRoom.AddHome", "TrialsRoom.AddTrials"], ignoreOrder: true);
        Instructions.All.Where(step => step.Called is { } called && Instructions.NameOf(called.DeclaringType) is "IHttpClientFactory" or "IHttpMessageHandlerFactory")
            .Select(step => step.Method).Distinct().ShouldBeEmpty();
        House.HostTypes.Where(type => type.Dependencies.Any(dependency => dependency.Target.FullName == "System.Net.Http.HttpClient"))
            .Select(type => type.Name.Split('<', '/')[0]).Distinct().ShouldBe(["HomeRoom", "TryItClient", "TrialHttp", "TrialsRoom"], ignoreOrder: true);
    }

    [Fact]
    public void Names_are_resolved_in_Egress_and_sockets_opened_there_and_to_relays()
    {
        Instructions.All.Where(step => step.Called is { } called && (Instructions.NameOf(called.DeclaringType) == "Dns"
                || (called.Name == ".ctor" && Instructions.NameOf(called.DeclaringType) is "Socket" or "TcpClient" or "UdpClient")))
            .Select(step => step.Method).Distinct()
            .ShouldBe(["EgressNetwork.ResolveAsync", "EgressNetwork.ConnectAsync", "RelayConnection.OpenAsync"], ignoreOrder: true);
    }

    [Fact]
    public void The_server_believes_the_machines_authorities_and_connects_where_the_door_leads()
    {
        Instructions.MakersOf("EgressTrust").ShouldBe(["EgressRoom.AddEgress"]);
        Instructions.MakersOf("EgressPolicy").ShouldBe(["EgressRoom.AddEgress"]);
        Instructions.MakersOf("PinnedConnection").ShouldBe(["EgressClient.SendNowAsync"]);
        Instructions.CallersOf("IEgressNetwork", "ConnectAsync").ShouldBe(["PinnedConnection.OpenAsync"]);
        Instructions.CallersOf("IEgressNetwork", "ResolveAsync").ShouldBe(["EgressClient.ResolveAsync"]);
        Instructions.All.Where(step => step.Called is { Name: "set_RemoteCertificateValidationCallback" or "set_ServerCertificateCustomValidationCallback" })
            .Select(step => step.Method).ShouldBeEmpty();
    }
}
