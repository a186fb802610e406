using System.Reflection;
using IdentityServer.Domain.Diagnosis;

namespace IdentityServer.Domain.Tests.Diagnosis;

public sealed class FailureCatalogueTests
{
    [Fact]
    public void Every_code_is_in_the_catalogue_once()
    {
        var codes = typeof(FailureCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!);

        FailureCatalogue.All.Select(code => code.Name).ShouldBe(codes, ignoreOrder: true);
    }

    [Fact]
    public void A_code_is_found_by_its_name_and_others_are_not()
    {
        FailureCatalogue.Find(FailureCodes.RedirectUriMismatch)!.Details.ShouldBe(["received", "registered", "difference"]);
        FailureCatalogue.Find("nonsense").ShouldBeNull();
    }
}
